/// Fragments of Neuroglancer's legacy meshes, little-endian:
///
///      0  u32 vertex count n    4  n times 3 f32, nanometers    4 + 12 n  triples of u32 to the end
///
/// Source: google/neuroglancer, src/datasource/precomputed/meshes.md.
enum PrecomputedFormat {
    /// Bytes of a mesh, which always fit.
    static func byteCount(_ mesh: Mesh) -> Int { 4 + 12 * (mesh.vertices.count + mesh.triangles.count) }

    static func encode(_ mesh: Mesh, byteLimit: Int) -> [UInt8]? {
        let byteCount = byteCount(mesh)
        guard byteCount <= byteLimit else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        bytes.append(littleEndian: UInt32(mesh.vertices.count))
        for vertex in mesh.vertices { bytes.append(littleEndian: vertex) }
        for triangle in mesh.triangles {
            bytes.append(littleEndian: triangle.a)
            bytes.append(littleEndian: triangle.b)
            bytes.append(littleEndian: triangle.c)
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MeshError) -> Mesh {
        guard bytes.count >= 4 else { throw malformed(0, "it has \(bytes.count) bytes") }
        let vertexCount = Int(bytes.littleEndian(at: 0))
        let end = 4 + 12 * vertexCount
        guard end <= bytes.count else {
            throw malformed(0, "\(vertexCount) vertices need \(end) bytes, it has \(bytes.count)")
        }
        guard (bytes.count - end) % 12 == 0 else {
            throw malformed(end, "\(bytes.count - end) bytes are no whole number of triangles")
        }
        var vertices: [Mesh.Vertex] = []
        vertices.reserveCapacity(vertexCount)
        for offset in stride(from: 4, to: end, by: 12) {
            vertices.append(
                Mesh.Vertex(
                    x: Float(bitPattern: bytes.littleEndian(at: offset)),
                    y: Float(bitPattern: bytes.littleEndian(at: offset + 4)),
                    z: Float(bitPattern: bytes.littleEndian(at: offset + 8))))
        }
        var triangles: [Mesh.Triangle] = []
        triangles.reserveCapacity((bytes.count - end) / 12)
        for offset in stride(from: end, to: bytes.count, by: 12) {
            triangles.append(
                Mesh.Triangle(
                    bytes.littleEndian(at: offset), bytes.littleEndian(at: offset + 4),
                    bytes.littleEndian(at: offset + 8)))
        }
        return try Mesh(vertices: vertices, triangles: triangles)
    }

    private static func malformed(_ offset: Int, _ reason: String) -> MeshError {
        .malformed(format: .precomputed, place: "byte \(offset)", reason: reason)
    }
}
