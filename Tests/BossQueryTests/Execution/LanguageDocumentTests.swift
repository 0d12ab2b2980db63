import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Foundation
import Testing

/// docs/LANGUAGE.md: its statements run as it says, and its table of errors is complete.
@Suite("The language document")
struct LanguageDocumentTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func document() throws -> String {
        try String(contentsOf: root.appending(path: "docs/LANGUAGE.md"), encoding: .utf8)
    }

    /// The lines of the `sql` blocks, each a statement, with the SQLSTATE that the line promises.
    private static func statements() throws -> [(text: String, sqlState: String?)] {
        var isInside = false
        var found: [(String, String?)] = []
        for line in try document().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```sql"
            } else if isInside {
                let parts = line.components(separatedBy: "-- error ")
                found.append((String(line), parts.count > 1 ? parts[1] : nil))
            }
        }
        return found
    }

    /// `em.npy`: x + 2 y + 16 z; and labels 42 and 7 in two boxes.
    private static func parameters() throws -> [Parameter] {
        var image = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [8, 64, 64])
        var labels = try AnyVolume(voxelType: .uint64, axes: [.z, .y, .x], shape: [8, 64, 64])
        for z in 0..<8 {
            for y in 0..<64 {
                for x in 0..<64 {
                    let index = (z * 64 + y) * 64 + x
                    image.withUnsafeMutableBytes { $0[index] = UInt8(truncatingIfNeeded: x + 2 * y + 16 * z) }
                    var label: UInt64 = 0
                    if 1..<4 ~= z, 10..<30 ~= y, 5..<25 ~= x { label = 42 }
                    if 4..<8 ~= z, 30..<60 ~= y, 20..<60 ~= x { label = 7 }
                    let id = label
                    labels.withUnsafeMutableBytes {
                        $0.storeBytes(of: id, toByteOffset: index * 8, as: UInt64.self)
                    }
                }
            }
        }
        return [.volume(image), .volume(labels)]
    }

    @Test("has statements that run, or fail with the SQLSTATE beside them")
    func statements() throws {
        let fixture = try ResourceFixture()
        let parameters = try Self.parameters()
        let statements = try Self.statements()
        #expect(statements.count > 70)
        for (text, sqlState) in statements {
            let found = fixture.refusal(text, parameters).split(separator: " ").first.map(String.init)
            #expect(found == sqlState ?? "success", "\(text)")
        }
    }

    @Test("shows results that are so")
    func results() throws {
        let fixture = try ResourceFixture()
        let parameters = try Self.parameters()
        for (text, sqlState) in try Self.statements().prefix(10) where sqlState == nil {
            _ = try fixture.session.query(text, parameters: parameters)
        }
        #expect(try fixture.column("id", of: "FIND IDS IN seg X 0:64 Y 0:64 Z 0:8") == ["7", "42"])
        let box = try fixture.rows("BBOX OF ID 42 IN seg").rows.first ?? []
        #expect(box.map(ResourceFixture.text) == ["42", "5", "25", "10", "30", "1", "4", "0", "1"])
        #expect(
            try fixture.column("count", of: "COUNT VOXELS IN seg X 0:64 Y 0:64 Z 0:8 WHERE ID = 42") == [
                "1200"
            ])
        #expect(try fixture.tag("DELETE CUTOUT FROM seg X 0:64 Y 0:64 Z 6:8") == "DELETE 2400")
        #expect(try fixture.column("statement", of: "SHOW CREATE lab/mouse").count == 5)
    }

    @Test("lists every SQLSTATE that the sources have")
    func errors() throws {
        let document = try Self.document()
        for module in ["BossDatabase", "BossQuery"] {
            let folder = Self.root.appending(path: "Sources/\(module)")
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                guard file.pathExtension == "swift" else { continue }
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: /"([0-9X][0-9A-Z]{4})"/)
                where match.1.contains(where: \.isNumber) {
                    #expect(document.contains(match.1), "\(match.1) of \(file.lastPathComponent)")
                }
            }
        }
    }
}
