import BossGeometry
import BossMeshes
import BossTestSupport
import Testing

/// Mesh files: what others write, round trips, and bytes that are no mesh.
@Suite("Mesh files")
struct MeshFormatTests {
    /// A tetrahedron.
    private static let sample: Mesh = {
        do {
            return try Mesh(
                vertices: [
                    .init(x: 0, y: 0, z: 0), .init(x: 1.5, y: 0, z: 0), .init(x: 0, y: -2.25, z: 0),
                    .init(x: 0.1, y: 1e9, z: 3e-7),
                ],
                triangles: [.init(0, 2, 1), .init(0, 1, 3), .init(1, 2, 3), .init(2, 0, 3)])
        } catch { preconditionFailure("\(error)") }
    }()

    private func random(_ seed: UInt64) throws -> Mesh {
        var random = SeededGenerator(seed: seed)
        let count = 1 + random.below(200)
        return try Mesh(
            vertices: (0..<count).map { _ in
                func number() -> Float {
                    let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
                    return value.isFinite ? value : 1
                }
                return Mesh.Vertex(x: number(), y: number(), z: number())
            },
            triangles: (0..<random.below(300)).map { _ in
                func place() -> UInt32 { UInt32(random.below(count)) }
                return Mesh.Triangle(place(), place(), place())
            })
    }

    @Test("every format gives back the same bits", arguments: MeshFormat.allCases)
    func roundTrip(format: MeshFormat) throws {
        for seed in 0..<30 as Range<UInt64> {
            let mesh = try random(seed)
            let bytes = try #require(mesh.encoded(as: format))
            #expect(try Mesh(encoded: bytes) == mesh, "seed \(seed)")
            #expect(try Mesh(encoded: bytes, as: format) == mesh, "seed \(seed)")
            #expect(mesh.encoded(as: format, byteLimit: bytes.count) == bytes)
            #expect(mesh.encoded(as: format, byteLimit: bytes.count - 1) == nil)
        }
    }

    @Test("PRECOMPUTED is count, positions and triples, little-endian")
    func precomputedBytes() throws {
        let mesh = try Mesh(
            vertices: [.init(x: 1, y: 2, z: -4), .init(x: 0, y: 0, z: 0), .init(x: 0.5, y: 0, z: 0)],
            triangles: [.init(0, 1, 2)])
        let expected: [UInt8] = [
            3, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x80, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
        ]
        #expect(mesh.encoded(as: .precomputed) == expected)
    }

    @Test("OBJ as other programs write it")
    func foreignOBJ() throws {
        let text = """
            # made elsewhere\r
            mtllib a.mtl\r
            o thing
            v 0 0 0
            v 1.0e0 0 0 1.0\r
            v 1 1 0 0.5 0.5 0.5
            vn 0 0 1
            vt 0 0
            \tv 0 1 0
            s off
            f 1/1/1 2/1/1 \\
              3/1/1 4//1
            f -4 -3 -2 # the last four
            """
        let mesh = try Mesh(encoded: Array(text.utf8))
        #expect(mesh.vertices.count == 4)
        #expect(mesh.triangles == [.init(0, 1, 2), .init(0, 2, 3), .init(0, 1, 2)])
    }

    @Test("PLY as text, with properties that mean nothing here")
    func foreignPLY() throws {
        let text = """
            ply
            format ascii 1.0
            comment made elsewhere
            element vertex 4
            property float64 x
            property double y
            property float z
            property uchar red
            element edge 1
            property int vertex1
            property int vertex2
            element face 2
            property uchar quality
            property list uchar uint vertex_index
            property list uchar float texcoord
            end_header
            0 0 0 255
            1 0 0 0 1 1
            0 7
            0 1 0 1
            2 3
            9 4 0 1 2 3 0
            9 3 3 2 1 2 0.5 0.5
            """
        let mesh = try Mesh(encoded: Array(text.utf8))
        #expect(
            mesh.vertices == [
                .init(x: 0, y: 0, z: 0), .init(x: 1, y: 0, z: 0), .init(x: 1, y: 1, z: 0),
                .init(x: 0, y: 1, z: 0),
            ])
        #expect(mesh.triangles == [.init(0, 1, 2), .init(0, 2, 3), .init(3, 2, 1)])
    }

    @Test("PLY with the high byte first")
    func bigEndian() throws {
        let header = """
            ply
            format binary_big_endian 1.0
            element vertex 3
            property short x
            property ushort y
            property float z
            element face 1
            property list ushort uchar vertex_indices
            end_header

            """
        let rows: [UInt8] = [
            0xFF, 0xFE, 0, 1, 0x3F, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0xFF, 0xFF, 0xC0, 0, 0, 0, 0, 3,
            0, 1,
            2,
        ]
        let mesh = try Mesh(encoded: Array(header.utf8) + rows)
        #expect(
            mesh.vertices == [
                .init(x: -2, y: 1, z: 1), .init(x: 0, y: 0, z: 0), .init(x: 258, y: 65535, z: -2),
            ])
        #expect(mesh.triangles == [.init(0, 1, 2)])
    }

    @Test(
        "what is no mesh is refused with its place",
        arguments: [
            "", "v 1 2\n", "v 1 2 x\n", "v 1 2 nan\n", "v 1 2 1e39\n", "hello world\n", "v 0 0 0\nf 1 2 3\n",
            "v 0 0 0\nf 1 1\n", "v 0 0 0\nf 0 1 1\n", "v 0 0 0\nf -2 1 1\n",
            "v 0 0 0\nf 1 1 99999999999999999999\n",
            "ply\n", "ply\nformat ascii 1.0\nend_header\n",
            "ply\nformat ascii 1.0\nelement vertex 1\nend_header\n",
            "ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\n"
                + "property float z\nend_header\n1234",
            "ply\nformat ascii 1.0\nelement vertex 999999999999999999\nend_header\n1\n",
            "ply\nformat ascii 1.0\nelement none 900000000\nelement vertex 1\nproperty float x\nproperty float y\n"
                + "property float z\nend_header\n1 2 3\n",
            "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
                + "element face 1\nproperty list uint int vertex_indices\nend_header\n1 2 3\n4000000000 0 0 0\n",
            "ply\nformat ascii 1.0\nelement vertex 1\nproperty list uchar float x\nproperty float y\nproperty float z\n"
                + "end_header\n1 1 2 3\n",
        ])
    func refusals(text: String) throws {
        #expect(throws: MeshError.self) { try Mesh(encoded: Array(text.utf8)) }
    }

    @Test("damaged files are refused or read, and never trap")
    func damage() throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let format = MeshFormat.allCases[random.below(3)]
            var bytes = try #require(Self.sample.encoded(as: format))
            for _ in 0..<100 {
                switch random.below(4) {
                case 0: bytes = Array(bytes.prefix(random.below(bytes.count + 1)))
                case 1: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1))
                default:
                    guard !bytes.isEmpty else { break }
                    bytes[random.below(bytes.count)] = UInt8(random.below(256))
                }
                for reader in MeshFormat.allCases {
                    guard let mesh = try? Mesh(encoded: bytes, as: reader) else { continue }
                    let highest = mesh.triangles.map { max($0.a, $0.b, $0.c) }.max() ?? 0
                    #expect(mesh.triangles.isEmpty || Int(highest) < mesh.vertices.count, "seed \(seed)")
                }
            }
        }
    }

    @Test("names of files say the format")
    func names() {
        #expect(MeshFormat(ofFile: "a/b.c/m.PLY") == .ply)
        #expect(MeshFormat(ofFile: "m.obj") == .obj)
        #expect(MeshFormat(ofFile: "m.ngmesh") == .precomputed)
        #expect(MeshFormat(ofFile: "m.stl") == nil)
        #expect(MeshFormat(ofFile: "m") == nil)
    }
}
