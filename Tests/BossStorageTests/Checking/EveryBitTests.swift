import BossCodec
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Every bit of a small database that is not a voxel's, one at a time.
@Suite("Every bit of the metadata")
struct EveryBitTests {
    private static let seed: UInt64 = 0xC4EC
    /// One of so many bytes; `BOSSQL_EVERY_BIT=1` takes all of them and needs some minutes.
    private static let stride: Int = {
        ProcessInfo.processInfo.environment["BOSSQL_EVERY_BIT"] == nil ? 97 : 1
    }()
    private static let partCount = 4

    /// Bytes of headers, directories, indexes, footers, roots, lists, logs and the status.
    private static func offsets(_ path: String, _ database: RichDatabase) -> [Int] {
        let length = database.files.contents(path)?.count ?? 0
        // The reserve holds nothing, and the first part of the status names the holder to people.
        if path == SpaceReserve.path { return [] }
        if path == WriterStatus.path { return Array(min(length, 4096)..<length) }
        guard let layout = database.files.segmentLayout(path), let bytes = database.files.contents(path)
        else {
            return Array(0..<length)
        }
        var isPart = [Bool](repeating: true, count: length)
        for page in layout.pages {
            for offset in page.offset + PageHeader.byteCount + page.header.directoryByteCount..<page.end {
                isPart[offset] = false
            }
        }
        // Of long runs of zeros, which is padding, a few bytes stand for the others.
        var zeroCount = 0
        for offset in 0..<length where isPart[offset] {
            zeroCount = bytes[offset] == 0 ? zeroCount + 1 : 0
            if zeroCount > 64, zeroCount % 97 != 0 { isPart[offset] = false }
        }
        return (0..<length).filter { isPart[$0] }
    }

    @Test("is detected when it is turned over, or changes nothing", arguments: 0..<partCount)
    func everyBit(_ part: Int) throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let groups = Dictionary(grouping: database.keys, by: \.group).sorted { $0.key < $1.key }
        let closed = ClosedDatabase(
            files: database.files, options: database.options, sequence: database.sequence,
            state: database.state, groups: groups.map { ($0.key, $0.value.map(\.morton).sorted()) })
        #expect(
            try closed.verdict(on: database.files.clone(), asWriter: true, database.bricks) { "" }
                == .harmless)
        var counts: [ClosedDatabase.Verdict: Int] = [:]
        var byteCount = 0
        for path in database.files.fileNames {
            for (index, offset) in Self.offsets(path, database).enumerated()
            where index % Self.stride == 0 && index / Self.stride % Self.partCount == part {
                byteCount += 1
                for bit in 0..<8 {
                    let copy = database.files.clone()
                    try copy.corrupt(path, offset: offset, bit: bit)
                    let verdict = try closed.verdict(on: copy, asWriter: bit % 2 == 0, database.bricks) {
                        "bit \(bit) of byte \(offset) of \(path), seed \(Self.seed)"
                    }
                    counts[verdict, default: 0] += 1
                }
            }
        }
        print("bits turned over: \(byteCount * 8), part \(part) of \(Self.partCount), \(counts)")
        #expect(counts[.detected, default: 0] > 0)
    }
}
