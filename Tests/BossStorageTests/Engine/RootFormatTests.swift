import BossCodec
import Testing

@testable import BossSimulator
@testable import BossStorage

/// The root against the table of docs/FORMAT.md.
@Suite("Format of roots")
struct RootFormatTests {
    private let file = FileIdentifier(high: 0xA1A2_A3A4_A5A6_A7A8, low: 0xB1B2_B3B4_B5B6_B7B8)
    private let low = CuboidKey(group: PageGroup(channel: 1, resolution: 2, time: 3), morton: 4)
    private let high = CuboidKey(group: PageGroup(channel: 5, resolution: 0x86, time: 7), morton: 8)

    private var footer: SegmentFooter {
        SegmentFooter(
            indexChecksum: 0x11, indexOffset: 8192, indexByteCount: 100, pagesChecksum: 0x22, pageCount: 6,
            liveByteCount: 999, minimumKey: low, maximumKey: high, minimumSequence: 30, maximumSequence: 40)
    }

    private func root(_ segment: SegmentReference?) -> ManifestRoot {
        ManifestRoot(
            number: 42, database: file, epoch: 6, lastSequence: 77, microseconds: 123, logs: [file],
            segments: segment.map { [$0] } ?? [], droppedChannels: [9, 8])
    }

    @Test("a root names logs, segments of 160 bytes and dropped channels")
    func rootBytes() throws {
        var reference = SegmentReference(
            identifier: file, role: .bulk, fileByteCount: 16_384, footerChecksum: 0xF00D, footer: footer,
            commitSequence: 55)
        reference.deadByteCount = 1
        var table = ByteTable(72 + 16 + 16 + 16 + 160 + 16 + 8 + 6 * 16 + 16 + 4)
        table.put("BQRT", at: 0)
        table.put(UInt16(1), at: 4)
        // Labels may be stored as runs.
        table.put(UInt64(3), at: 8)
        table.put(file, at: 16)
        for (index, value) in [UInt64(42), 6, 77, 123].enumerated() { table.put(value, at: 32 + 8 * index) }
        table.put(UInt32(9), at: 64)
        let sections: [(Int, UInt32, UInt64)] = [
            (72, 1, 16), (104, 2, 160), (280, 3, 8), (304, 4, 0), (320, 5, 0), (336, 6, 0), (352, 7, 16),
            (384, 8, 0), (400, 9, 0),
        ]
        for (offset, kind, length) in sections {
            table.put(kind, at: offset)
            table.put(UInt32(1), at: offset + 4)
            table.put(length, at: offset + 8)
        }
        table.put(file, at: 88)
        let start = 120
        table.put(file, at: start)
        table.put(UInt8(2), at: start + 16)
        table.put(UInt32(0xF00D), at: start + 20)
        table.put(UInt64(16_384), at: start + 24)
        table.put(low, at: start + 32)
        table.put(high, at: start + 56)
        for (index, value) in [UInt64(55), 55, 6, 999, 1, 55].enumerated() {
            table.put(value, at: start + 80 + 8 * index)
        }
        table.put(UInt32(9), at: 296)
        table.put(UInt32(8), at: 300)
        // Nothing is forgotten yet, and older versions are kept for a day.
        table.put(UInt64(86_400_000_000), at: 376)
        table.seal(at: 416)
        let root = root(reference)
        #expect(root.encoded() == table.bytes)
        func read(_ bytes: [UInt8], number: UInt64 = 42) throws -> ManifestRoot {
            try bytes.withUnsafeBytes { try ManifestRoot($0, file: "f", number: number) }
        }
        #expect(try read(table.bytes) == root)
        expectCorrupt { try read(table.bytes, number: 43) }
        FormatTests.expectRefusals(table, version: 4, features: 8, seal: 416) {
            try ManifestRoot($0, file: "f", number: 42)
        }
        // Lengths of sections that lead outside or cut an entry.
        for (offset, value) in [(80, UInt64(17)), (80, .max), (80, 1 << 40), (112, 159), (288, 5), (64, 10)] {
            var wrong = table
            wrong.put(value, at: offset)
            wrong.seal(at: 416)
            expectCorrupt { try read(wrong.bytes) }
        }
        #expect(ManifestRoot.path(number: 42) == "MANIFEST/00000000000000000042.mf")
        #expect(ManifestRoot.number(ofFile: "00000000000000000042.mf") == 42)
        for name in [
            "tmp.42", "42.mf", "0000000000000000004x.mf", "99999999999999999999.mf",
            "+0000000000000000042.mf",
        ] {
            #expect(ManifestRoot.number(ofFile: name) == nil, "\(name)")
        }
    }

    @Test("an unknown section is refused when it must be understood, and skipped otherwise")
    func unknownSections() throws {
        let plain = root(nil).encoded()
        for (flags, isRefused) in [(UInt32(1), true), (0, false), (2, false), (3, true)] {
            var table = ByteTable(plain.count + 16 + 5)
            table.put(Array(plain.dropLast(4)), at: 0)
            table.put(UInt32(10), at: 64)
            let start = plain.count - 4
            table.put(UInt32(900), at: start)
            table.put(flags, at: start + 4)
            table.put(UInt64(5), at: start + 8)
            table.put([1, 2, 3, 4, 5], at: start + 16)
            table.seal(at: start + 21)
            let result = Result {
                try table.bytes.withUnsafeBytes { try ManifestRoot($0, file: "f", number: 42) }
            }
            switch result {
            case .success(let read): #expect(!isRefused && read == root(nil))
            case .failure(let error):
                #expect(isRefused)
                #expect(error as? StorageError == .unsupportedFormat(file: "f", .section(900)))
            }
        }
    }
}
