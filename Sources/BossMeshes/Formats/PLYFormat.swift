/// Stanford PLY: vertices with `x`, `y` and `z`, faces with a list `vertex_indices`. Other properties and elements are
/// passed over.
enum PLYFormat {
    static func encode(_ mesh: Mesh, byteLimit: Int) -> [UInt8]? {
        let header = """
            ply
            format binary_little_endian 1.0
            comment nanometers
            element vertex \(mesh.vertices.count)
            property float x
            property float y
            property float z
            element face \(mesh.triangles.count)
            property list uchar int vertex_indices
            end_header

            """
        let byteCount = header.utf8.count + 12 * mesh.vertices.count + 13 * mesh.triangles.count
        guard byteCount <= byteLimit else { return nil }
        var bytes = Array(header.utf8)
        bytes.reserveCapacity(byteCount)
        for vertex in mesh.vertices { bytes.append(littleEndian: vertex) }
        for triangle in mesh.triangles {
            bytes.append(3)
            bytes.append(littleEndian: triangle.a)
            bytes.append(littleEndian: triangle.b)
            bytes.append(littleEndian: triangle.c)
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MeshError) -> Mesh {
        var scanner = WordScanner(bytes, format: .ply)
        let header = try PLYHeader(&scanner)
        var reader = PLYReader(bytes, scanner, header.encoding)
        var vertices: [Mesh.Vertex]?
        var triangles: [Mesh.Triangle] = []
        for element in header.elements where element.count > 0 {
            let minimum = element.minimumByteCount(header.encoding)
            guard minimum > 0, element.count <= reader.remaining / minimum else {
                throw reader.malformed(
                    "\(element.count) rows of \(element.name.prefix(32)) do not fit into the file")
            }
            switch element.name {
            case "vertex": vertices = try readVertices(element, &reader)
            case "face": triangles += try readFaces(element, &reader)
            default: try skip(element, &reader)
            }
        }
        guard let vertices else { throw reader.malformed("it has no vertices") }
        return try Mesh(vertices: vertices, triangles: triangles)
    }

    private static func readVertices(
        _ element: PLYHeader.Element, _ reader: inout PLYReader
    ) throws(MeshError) -> [Mesh.Vertex] {
        let places = ["x", "y", "z"].map { name in
            element.properties.firstIndex { $0.name == name && $0.count == nil }
        }
        guard let x = places[0], let y = places[1], let z = places[2] else {
            throw reader.malformed("its vertices have no x, y and z")
        }
        var vertices: [Mesh.Vertex] = []
        vertices.reserveCapacity(element.count)
        var row = [Double](repeating: 0, count: element.properties.count)
        for _ in 0..<element.count {
            for (position, property) in element.properties.enumerated() {
                row[position] = 0
                let count = try reader.length(of: property)
                for _ in 0..<count { row[position] = try reader.next(property.number) }
            }
            vertices.append(Mesh.Vertex(x: Float(row[x]), y: Float(row[y]), z: Float(row[z])))
        }
        return vertices
    }

    private static func readFaces(
        _ element: PLYHeader.Element, _ reader: inout PLYReader
    ) throws(MeshError) -> [Mesh.Triangle] {
        let names = ["vertex_indices", "vertex_index"]
        guard let list = element.properties.firstIndex(where: { names.contains($0.name) && $0.count != nil })
        else { throw reader.malformed("its faces have no list vertex_indices") }
        var triangles: [Mesh.Triangle] = []
        triangles.reserveCapacity(element.count)
        for _ in 0..<element.count {
            for (position, property) in element.properties.enumerated() {
                let count = try reader.length(of: property)
                guard position == list else {
                    for _ in 0..<count { _ = try reader.next(property.number) }
                    continue
                }
                guard count >= 3 else { throw reader.malformed("a face has \(count) corners") }
                let first = try reader.place(property.number)
                var last = try reader.place(property.number)
                for _ in 2..<count {
                    let next = try reader.place(property.number)
                    triangles.append(Mesh.Triangle(first, last, next))
                    last = next
                }
            }
        }
        return triangles
    }

    /// Passes over rows of an element that says nothing about the surface.
    private static func skip(_ element: PLYHeader.Element, _ reader: inout PLYReader) throws(MeshError) {
        for _ in 0..<element.count {
            for property in element.properties {
                for _ in 0..<(try reader.length(of: property)) { _ = try reader.next(property.number) }
            }
        }
    }
}
