/// Wavefront OBJ: lines `v x y z` and `f a b c`, places counted from 1, or backwards from the last vertex.
///
/// Normals, texture coordinates, groups and materials are passed over; faces with more corners become fans.
enum OBJFormat {
    /// Lines that say nothing about the surface.
    private static let ignored: Set<String> = [
        "vn", "vt", "vp", "o", "g", "s", "mg", "mtllib", "usemtl", "l", "p", "cstype", "deg", "curv", "curv2",
        "surf", "parm", "trim", "hole", "scrv", "sp", "end", "con", "bevel", "c_interp", "d_interp", "lod",
        "shadow_obj", "trace_obj", "ctech", "stech", "usemap", "maplib", "bmat", "step",
    ]

    static func encode(_ mesh: Mesh, byteLimit: Int) -> [UInt8]? {
        // No line is shorter than these.
        guard 6 * (mesh.vertices.count + mesh.triangles.count) <= byteLimit else { return nil }
        var bytes = Array("# nanometers\n".utf8)
        bytes.reserveCapacity(32 * (mesh.vertices.count + mesh.triangles.count))
        for vertex in mesh.vertices {
            bytes += "v \(vertex.x) \(vertex.y) \(vertex.z)\n".utf8
            guard bytes.count <= byteLimit else { return nil }
        }
        for triangle in mesh.triangles {
            bytes.append(102)
            for corner in [triangle.a, triangle.b, triangle.c] {
                bytes.append(32)
                bytes += String(UInt64(corner) + 1).utf8
            }
            bytes.append(10)
            guard bytes.count <= byteLimit else { return nil }
        }
        return bytes.count <= byteLimit ? bytes : nil
    }

    static func decode(_ bytes: [UInt8]) throws(MeshError) -> Mesh {
        var scanner = WordScanner(bytes, format: .obj)
        var vertices: [Mesh.Vertex] = []
        var triangles: [Mesh.Triangle] = []
        while !scanner.isAtEnd {
            defer { scanner.nextLine() }
            guard let keyword = scanner.word(), keyword.first != 35 else { continue }
            if keyword.elementsEqual([118]) {
                let (x, y, z) = (
                    try scanner.coordinate(), try scanner.coordinate(), try scanner.coordinate()
                )
                vertices.append(Mesh.Vertex(x: x, y: y, z: z))
            } else if keyword.elementsEqual([102]) {
                try readFace(&scanner, vertices.count, &triangles)
            } else if keyword.count > 16 || !ignored.contains(String(decoding: keyword, as: UTF8.self)) {
                throw scanner.malformed("\(WordScanner.shown(keyword)) begins no line of an OBJ file")
            }
        }
        guard !vertices.isEmpty else { throw scanner.malformed("it has no vertices") }
        return try Mesh(vertices: vertices, triangles: triangles)
    }

    private static func readFace(
        _ scanner: inout WordScanner, _ vertexCount: Int, _ triangles: inout [Mesh.Triangle]
    ) throws(MeshError) {
        var corners: (first: UInt32, last: UInt32)?
        var count = 0
        while let word = scanner.word() {
            if word.first == 35 { break }
            // `place/texture/normal`
            let place = try scanner.integer(word.prefix { $0 != 47 })
            let index = place < 0 ? vertexCount + place : place - 1
            guard let corner = UInt32(exactly: index) else {
                throw scanner.malformed("there is no vertex \(place)")
            }
            count += 1
            if let known = corners {
                if count > 2 { triangles.append(Mesh.Triangle(known.first, known.last, corner)) }
                corners = (known.first, corner)
            } else {
                corners = (corner, corner)
            }
        }
        guard count >= 3 else { throw scanner.malformed("a face has \(count) corners") }
    }
}
