import BossMeshes

/// A mesh file of a foreign program. Byte 0: the format, or what its content says; then the file.
enum MeshTarget {
    static let target = FuzzTarget("mesh", body: run, seeds: seeds)
    private static let formats: [MeshFormat?] = [nil] + MeshFormat.allCases

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let format = formats[Int(input.byte()) % formats.count]
        let bytes = input.rest()
        let mesh = try Mesh(encoded: bytes, as: format)
        try FuzzFailure.require(
            mesh.vertices.count + mesh.triangles.count <= bytes.count, "more of a mesh than bytes of it")
        for other in MeshFormat.allCases {
            guard other != .obj || !mesh.vertices.isEmpty else { continue }
            let again = mesh.encoded(as: other).flatMap { try? Mesh(encoded: $0, as: other) }
            // Files have no place for a mesh without a vertex.
            try FuzzFailure.require(
                again == mesh || mesh.vertices.isEmpty,
                "\(other.rawValue) does not give back what was written")
        }
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        let mesh = try Mesh(
            vertices: [.init(x: 0, y: 0, z: 0), .init(x: 1.5, y: 0, z: 0), .init(x: 0, y: -2, z: 1e9)],
            triangles: [.init(0, 1, 2), .init(2, 1, 0)])
        let texts = [
            "v 0 0 0\nv 1 0 0 1\nv 1 1 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 3//1 4//1\nf -1 -2 \\\n -3\n",
            "ply\nformat ascii 1.0\nelement vertex 3\nproperty double x\nproperty float y\nproperty int z\n"
                + "element face 1\nproperty uchar q\nproperty list uchar uint vertex_index\nend_header\n"
                + "0 0 0\n1 0 0\n0 1 0\n9 3 0 1 2\n",
            "ply\nformat binary_big_endian 1.0\nelement vertex 1\nproperty short x\nproperty char y\n"
                + "property uchar z\nelement face 1\nproperty list uchar uchar vertex_indices\nend_header\n"
                + "\u{0}\u{1}\u{2}\u{3}\u{3}\u{0}\u{0}\u{0}",
        ]
        return MeshFormat.allCases.compactMap { mesh.encoded(as: $0) }.map { [0] + $0 }
            + texts.map { [0] + Array($0.utf8) }
    }
}
