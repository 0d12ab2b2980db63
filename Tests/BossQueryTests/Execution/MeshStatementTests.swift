import BossDatabase
import BossMeshes
import BossQuery
import BossVoxels
import Foundation
import Testing

/// SELECT MESH and PUT MESH: the bytes that they give and take.
@Suite("Mesh statements")
struct MeshStatementTests {
    private let fixture: ResourceFixture

    init() throws {
        fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 10:74 Y 20:84 Z 0:16 VOXEL 4um, 6um, 10um;
            CREATE COLLECTION lab;
            CREATE EXPERIMENT lab/mouse FRAME f LEVELS 2;
            CREATE CHANNEL lab/mouse/seg TYPE ANNOTATION DATATYPE UINT64;
            USE lab/mouse;
            """)
        // One voxel of the highest ID, and a block that is as large at level 1.
        try fixture.run(
            "INSERT CUTOUT INTO seg X 12 Y 23 Z 5 VALUES $1",
            parameters: [.volume(ResourceFixture.volume(.uint64, [1, 1, 1], [.max]))])
        try fixture.run(
            "INSERT CUTOUT INTO seg X 20:24 Y 30:36 Z 0:3 VALUES $1",
            parameters: [.volume(ResourceFixture.volume(.uint64, [3, 6, 4], filledWith: 7))])
    }

    private func encoded(_ statement: String) throws -> EncodedResult {
        guard case .encoded(let result) = try fixture.session.query(statement).value else {
            throw CaseError("no bytes from \(statement)")
        }
        return result
    }

    private func mesh(_ statement: String) throws -> Mesh { try Mesh(encoded: encoded(statement).bytes) }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = fixture.folder + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("a voxel is eight vertices a sixth of it from its centre, in nanometers, as OBJ by default")
    func voxel() throws {
        let result = try encoded("SELECT MESH FROM seg OF ID 18446744073709551615")
        #expect(result.mediaType == "model/obj" && result.fileExtension == "obj")
        #expect(result.summary == "mesh of ID 18446744073709551615: 8 vertices, 12 triangles")
        let lines = String(decoding: result.bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: " ")
        }
        var found: Set<[Int]> = []
        for line in lines where line[0] == "v" {
            // In sixths of a voxel.
            let numbers = line.dropFirst().compactMap { Double($0) }
            found.insert(zip(numbers, [4000.0, 6000, 10_000]).map { Int(($0 / $1 * 6).rounded()) })
        }
        var expected: Set<[Int]> = []
        for corner in 0..<8 {
            let centre = [12 * 6 + 3, 23 * 6 + 3, 5 * 6 + 3]
            expected.insert((0..<3).map { centre[$0] + (corner >> $0 & 1 == 1 ? 1 : -1) })
        }
        #expect(found == expected)
        #expect(lines.filter { $0[0] == "f" }.count == 12)
    }

    @Test("every format holds the same mesh, and coarser levels lie at the same place")
    func formats() throws {
        let obj = try mesh("SELECT MESH FROM seg OF ID 7")
        for (format, mediaType) in [
            ("OBJ", "model/obj"), ("ply", "model/ply"), ("PRECOMPUTED", "application/octet-stream"),
        ] {
            let result = try encoded("SELECT MESH FROM seg OF ID 7 FORMAT \(format)")
            #expect(result.mediaType == mediaType)
            #expect(try Mesh(encoded: result.bytes) == obj)
        }
        try fixture.run("DOWNSAMPLE seg")
        let coarse = try mesh("SELECT MESH FROM seg RES 1 OF ID 7")
        #expect(coarse.triangles.count < obj.triangles.count)
        for axis in [\Mesh.Vertex.x, \.y, \.z] {
            #expect(
                coarse.vertices.map { $0[keyPath: axis] }.min()
                    == obj.vertices.map { $0[keyPath: axis] }.min())
            #expect(
                coarse.vertices.map { $0[keyPath: axis] }.max()
                    == obj.vertices.map { $0[keyPath: axis] }.max())
        }
        #expect(obj.vertices.map(\.x).min() == 80_000 && obj.vertices.map(\.y).max() == 216_000)
        #expect(obj.vertices.map(\.z).min() == 0 && obj.vertices.map(\.z).max() == 30_000)
    }

    @Test("a stored mesh has versions, and goes with its transaction")
    func stored() throws {
        let path = try file(
            "t.ply",
            """
            ply
            format ascii 1.0
            element vertex 3
            property float x
            property float y
            property float z
            element face 1
            property list uchar int vertex_indices
            end_header
            0 0 0
            1 0 0
            0 1 0
            3 0 1 2
            """)
        let made = try mesh("SELECT MESH FROM seg OF ID 7")
        try fixture.run("CREATE SNAPSHOT before OF lab/mouse")
        #expect(try fixture.tag("PUT MESH INTO seg OF ID 7 FROM FILE '\(path)'") == "PUT MESH 1")
        #expect(try mesh("SELECT MESH FROM seg OF ID 7").triangles == [.init(0, 1, 2)])
        #expect(try encoded("SELECT MESH FROM seg OF ID 7").summary.contains("stored"))
        #expect(try mesh("SELECT MESH FROM seg@before OF ID 7") == made)
        #expect(try mesh("SELECT MESH FROM seg OF ID 7 X *") == made)
        let history = try fixture.lines("SELECT action FROM HISTORY(seg) ORDER BY commit DESC LIMIT 1")
        #expect(history == ["PUT MESH INTO lab/mouse/seg OF ID 7"])
        try fixture.run("BEGIN; PUT MESH INTO seg OF ID 18446744073709551615 FROM FILE '\(path)'")
        #expect(try mesh("SELECT MESH FROM seg OF ID 18446744073709551615").triangles.count == 1)
        try fixture.run("ROLLBACK")
        #expect(try mesh("SELECT MESH FROM seg OF ID 18446744073709551615").triangles.count == 12)
        try fixture.run("RESTORE seg TO @before")
        #expect(try mesh("SELECT MESH FROM seg OF ID 7").triangles == [.init(0, 1, 2)])
        #expect(fixture.refusal("BEGIN READ ONLY").hasPrefix("success"))
        #expect(fixture.refusal("PUT MESH INTO seg OF ID 7 FROM FILE '\(path)'").hasPrefix("25006"))
        try fixture.run("ROLLBACK")
        #expect(try fixture.lines("CHECK") == [])
    }

    @Test("files that hold no mesh are refused by name")
    func hostileFiles() throws {
        for (name, text) in [
            ("a.obj", ""), ("b.obj", "v 1 2\n"), ("c.ply", "ply\nformat ascii 2.0\n"),
            ("d.bin", "\u{0}\u{0}\u{0}"),
            ("e.bin", "\u{1}\u{0}\u{0}\u{0}abc"), ("f.obj", "v 0 0 0\n"),
            ("g.png", "PNG\u{0}\u{0}\u{0}\u{0}\u{0}"),
        ] {
            let path = try file(name, text)
            #expect(throws: DatabaseError.self) {
                do {
                    _ = try fixture.session.query("PUT MESH INTO seg OF ID 7 FROM FILE '\(path)'")
                } catch let error as DatabaseError {
                    #expect(error.sqlState == "22V09", "\(name): \(error)")
                    #expect(name == "f.obj" || error.message.contains(name), "\(error)")
                    throw error
                }
            }
        }
        #expect(fixture.refusal("PUT MESH INTO seg OF ID 7 FROM FILE '/dev/zero'", []).hasPrefix("22V09"))
    }
}
