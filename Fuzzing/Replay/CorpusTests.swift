import FoundationEssentials
import Testing

/// Every input that a fuzz target keeps, and every one that ever crashed it, without libFuzzer.
@Suite("Fuzz corpora")
struct CorpusTests {
    private static let targets = StorageTargets.all + [QueryTarget.target]

    /// The inputs of a target: one base64 line each, `#` begins a comment.
    private func inputs(_ target: FuzzTarget) throws -> [(place: String, bytes: [UInt8])] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Corpus/\(target.name)")
        var inputs: [(place: String, bytes: [UInt8])] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where name.hasSuffix(".txt") {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.isEmpty && !line.hasPrefix("#") {
                let place = "Fuzzing/Corpus/\(target.name)/\(name):\(number + 1)"
                let data = try #require(Data(base64Encoded: String(line)), "\(place) is not base64")
                inputs.append((place, Array(data)))
            }
        }
        return inputs
    }

    @Test("are refused or read right", arguments: targets.map(\.name))
    func replay(_ name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let inputs = try inputs(target)
        #expect(!inputs.isEmpty, "no corpus of \(name)")
        for (place, bytes) in inputs {
            do { try bytes.withUnsafeBytes { try target.run($0) } } catch {
                Issue.record("\(place): \(error)")
            }
        }
    }

    @Test("begin with what the encoders write", arguments: StorageTargets.all.map(\.name))
    func seeds(_ name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        for (number, bytes) in try target.seeds().enumerated() {
            do { try bytes.withUnsafeBytes { try target.run($0) } } catch {
                Issue.record("seed \(number) of \(name): \(error)")
            }
        }
    }
}
