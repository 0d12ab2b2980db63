import BossCodec
import Foundation

@testable import BossSimulator
@testable import BossStorage

/// A database of a released format as text: all its files, and what it holds.
///
/// `format-<major>.<minor>.files.txt`: for every file a line `file <path> <byte count>`, then runs: `<offset> <hexadecimal
/// digits>` for bytes that are not zero. `format-<major>.<minor>.contents.txt`: a line for every cuboid, note and
/// snapshot. Files of a format that was released are never made again; a later format adds files of its own.
struct GoldenDatabase {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Formats")
    private static let runByteCount = 48

    /// Formats of which there is a database, for example `1.1`.
    static var formats: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasPrefix("format-") && $0.hasSuffix(".files.txt") }.map {
            String($0.dropFirst(7).dropLast(10))
        }.sorted()
    }

    let format: String

    private func url(_ part: String) -> URL {
        Self.directory.appendingPathComponent("format-\(format).\(part).txt")
    }

    // MARK: Files

    /// The files, on a simulated machine.
    func files() throws -> SimulatedFileSystem {
        let files = SimulatedFileSystem(seed: 1)
        let text = try String(contentsOf: url("files"), encoding: .utf8)
        var path = ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "file", words.count == 3, let count = Int(words[2]) {
                path = String(words[1])
                let directory = StoragePath.split(path).directory
                if !directory.isEmpty { try files.createDirectory(directory) }
                _ = try files.open(path, mode: .createNew)
                try files.truncateForTest(path, byteCount: count)
            } else if words.count == 2, let offset = Int(words[0]) {
                try files.overwriteForTest(path, Self.bytes(words[1]), at: offset)
            } else {
                throw TestFailure("\(url("files").path): \(line)")
            }
        }
        return files
    }

    static func text(of files: SimulatedFileSystem) -> String {
        var lines: [String] = []
        for path in files.fileNames where !path.hasPrefix("readers/") {
            let bytes = files.contents(path) ?? []
            lines.append("file \(path) \(bytes.count)")
            for start in stride(from: 0, to: bytes.count, by: runByteCount) {
                let run = bytes[start..<min(start + runByteCount, bytes.count)]
                guard run.contains(where: { $0 != 0 }) else { continue }
                lines.append("\(start) \(hexadecimal(run))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ text: Substring) throws -> [UInt8] {
        let digits = Array(text.utf8)
        return try stride(from: 0, to: digits.count - 1, by: 2).map { place in
            guard
                let byte = UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
            else { throw TestFailure("no hexadecimal digits: \(text.prefix(20))") }
            return byte
        }
    }

    // MARK: Contents

    func contents() throws -> [String] {
        try String(contentsOf: url("contents"), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Every cuboid with each brick as one value or the checksum of its voxels, every note, every snapshot and what
    /// it shows.
    static func contents(of engine: StorageEngine) throws -> [String] {
        let newest = try engine.view()
        var lines = ["newest commit \(newest.sequence)"]
        lines += try cuboids(of: engine, newest)
        for commit in try engine.notedCommits(1...newest.sequence, in: newest) {
            guard let note = try engine.note(of: commit, in: newest) else { continue }
            lines.append("note \(commit) \(note.microseconds) \(note.action)")
        }
        for snapshot in try engine.snapshots() {
            lines.append("snapshot \(snapshot.name) of \(snapshot.scope): commit \(snapshot.sequence)")
            lines += try cuboids(of: engine, engine.view(at: snapshot.sequence)).map {
                "\(snapshot.name): \($0)"
            }
        }
        return lines
    }

    private static func cuboids(of engine: StorageEngine, _ view: View) throws -> [String] {
        var lines: [String] = []
        for channel in UInt32(1)...12 {
            for time in UInt32(0)..<2 {
                let group = PageGroup(channel: channel, resolution: 0, time: time)
                let codes = try view.writtenCodes(group, in: 0...UInt64.max)
                for page in try view.locate(group, codes: codes) {
                    let resolved = try engine.resolve(page, group)
                    let bricks = try (0..<PageChange.brickCount).map {
                        try word(resolved.source(ofBrick: $0), engine)
                    }
                    lines.append(
                        "cuboid \(channel) \(time) \(page.morton) commit \(page.newestSequence): "
                            + bricks.joined(separator: " "))
                }
            }
        }
        return lines
    }

    private static func word(_ source: BrickSource, _ engine: StorageEngine) throws -> String {
        switch source {
        case .background: return "background"
        case .constant(let bits): return "=\(bits)"
        case .stored(let brick):
            var bytes = [UInt8](repeating: 0, count: brick.brickByteCount)
            var cost = BrickReadCost()
            try bytes.withUnsafeMutableBytes { try engine.decode(brick, into: $0, cost: &cost) }
            return "\(bytes.count):" + bytes.map { String($0, radix: 16) }.joined(separator: ".")
        }
    }

    /// Writes both files of the present format.
    static func generate(_ files: SimulatedFileSystem, _ engine: StorageEngine) throws -> GoldenDatabase {
        let golden = GoldenDatabase(format: "\(FormatVersion.major).\(FormatVersion.minor)")
        guard !FileManager.default.fileExists(atPath: golden.url("files").path) else {
            throw TestFailure("the database of format \(golden.format) exists and is never made again")
        }
        try text(of: files).write(to: golden.url("files"), atomically: true, encoding: .utf8)
        let contents = try contents(of: engine).joined(separator: "\n") + "\n"
        try contents.write(to: golden.url("contents"), atomically: true, encoding: .utf8)
        return golden
    }
}
