import BossCodec
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Footer and index against the tables of docs/FORMAT.md.
@Suite("Format of segments")
struct SegmentFormatTests {
    private let file = FileIdentifier(high: 0xA1A2_A3A4_A5A6_A7A8, low: 0xB1B2_B3B4_B5B6_B7B8)
    private let low = CuboidKey(group: PageGroup(channel: 1, resolution: 2, time: 3), morton: 4)
    private let high = CuboidKey(group: PageGroup(channel: 5, resolution: 0x86, time: 7), morton: 8)

    private var footer: SegmentFooter {
        SegmentFooter(
            indexChecksum: 0x11, indexOffset: 8192, indexByteCount: 100, pagesChecksum: 0x22, pageCount: 6,
            liveByteCount: 999, minimumKey: low, maximumKey: high, minimumSequence: 30, maximumSequence: 40)
    }

    private var footerTable: ByteTable {
        var table = ByteTable(4096)
        table.put("BQFT", at: 0)
        table.put(UInt32(0x11), at: 4)
        table.put(UInt64(8192), at: 8)
        table.put(UInt32(100), at: 16)
        table.put(UInt32(0x22), at: 20)
        table.put(UInt64(6), at: 24)
        table.put(UInt64(999), at: 32)
        table.put(low, at: 40)
        table.put(high, at: 64)
        table.put(UInt64(30), at: 88)
        table.put(UInt64(40), at: 96)
        table.seal(at: 104)
        return table
    }

    @Test("a footer is 4096 bytes in the order of the table, and known by its checksum")
    func footerBytes() throws {
        let (bytes, checksum) = footer.encoded()
        #expect(bytes == footerTable.bytes)
        func read(_ table: ByteTable, _ expected: UInt32, at offset: UInt64 = 12_288) throws -> SegmentFooter
        {
            try table.bytes.withUnsafeBytes {
                try SegmentFooter($0, expectedChecksum: expected, file: "f", at: offset)
            }
        }
        #expect(try read(footerTable, checksum) == footer)
        expectCorrupt { try read(footerTable, checksum ^ 1) }
        expectCorrupt { try read(footerTable, checksum, at: 8291) }
        #expect(throws: Never.self) { try read(footerTable, checksum, at: 8292) }
        // A footer that is right in itself, of another file.
        var other = footerTable
        other.put(UInt64(7), at: 24)
        other.seal(at: 104)
        expectCorrupt { try read(other, checksum) }
    }

    @Test("an index root has groups of 56 and fences of 24 bytes")
    func indexRoot() throws {
        let group = IndexGroup(
            group: high.group, firstLeaf: 0, leafCount: 2, pageCount: 410, minimumSequence: 1,
            maximumSequence: 2,
            liveByteCount: 3)
        let fences = [
            IndexFence(firstMorton: 5, offset: 4096, byteCount: 16_384, checksum: 0xAA),
            IndexFence(firstMorton: 900, offset: 20_480, byteCount: 144, checksum: 0xBB),
        ]
        var table = ByteTable(16 + 56 + 48 + 4)
        table.put("BQIR", at: 0)
        table.put(UInt32(1), at: 4)
        table.put(UInt32(2), at: 8)
        table.put(UInt32(5), at: 16)
        table.put(UInt32(0x86), at: 20)
        table.put(UInt32(7), at: 24)
        table.put(UInt32(2), at: 32)
        for (index, value) in [UInt64(410), 1, 2, 3].enumerated() { table.put(value, at: 40 + 8 * index) }
        for (index, fence) in fences.enumerated() {
            table.put(fence.firstMorton, at: 72 + 24 * index)
            table.put(fence.offset, at: 80 + 24 * index)
            table.put(UInt32(fence.byteCount), at: 88 + 24 * index)
            table.put(fence.checksum, at: 92 + 24 * index)
        }
        table.seal(at: 120)
        let index = SegmentIndex(groups: [group], fences: fences)
        #expect(index.encoded() == table.bytes)
        func read(_ table: ByteTable) throws -> SegmentIndex {
            let checksum = table.bytes.suffix(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
            return try table.bytes.withUnsafeBytes {
                try SegmentIndex($0, expectedChecksum: UInt32(littleEndian: checksum), file: "f", at: 0)
            }
        }
        #expect(try read(table).groups == [group])
        #expect(try read(table).fences == fences)
        // Counts that do not fit, leaves that no group or two groups hold, a resolution of 300, a leaf too long.
        for (offset, value) in [
            (4, UInt32(2)), (8, 3), (8, .max), (28, 1), (32, 1), (32, 3), (32, 0), (20, 300), (88, 16_385),
            (88, 64),
        ] {
            var wrong = table
            wrong.put(value, at: offset)
            wrong.seal(at: 120)
            expectCorrupt { try read(wrong) }
        }
    }

    @Test("a leaf has a header of 64 and entries of 40 bytes, in order")
    func leaf() throws {
        let entries = [
            IndexEntry(
                morton: 5, sequence: 9, kind: .delta, offsetOrConstant: 4160, pageByteCount: 700,
                headerChecksum: 1),
            IndexEntry(
                morton: 5, sequence: 8, kind: .full, offsetOrConstant: 5000, pageByteCount: 900,
                headerChecksum: 2),
            IndexEntry(
                morton: 6, sequence: 9, kind: .constant, offsetOrConstant: 77, pageByteCount: 96,
                headerChecksum: 3),
        ]
        func table(_ entries: [IndexEntry]) -> ByteTable {
            var table = ByteTable(64 + 40 * entries.count)
            table.put("BQLF", at: 0)
            table.put(UInt32(5), at: 8)
            table.put(UInt8(0x86), at: 12)
            table.put(UInt16(entries.count), at: 14)
            table.put(UInt32(7), at: 16)
            for (index, entry) in entries.enumerated() {
                let start = 64 + 40 * index
                table.put(entry.morton, at: start)
                table.put(entry.sequence, at: start + 8)
                table.put(entry.offsetOrConstant, at: start + 16)
                table.put(entry.pageByteCount, at: start + 24)
                table.put(entry.headerChecksum, at: start + 28)
                table.put(entry.kind.rawValue, at: start + 32)
            }
            table.put(table.bytes.dropFirst(8).withUnsafeBytes { CRC32C.checksum($0) }, at: 4)
            return table
        }
        func read(_ bytes: [UInt8], _ group: PageGroup, first: UInt64 = 5) throws -> [IndexEntry] {
            let checksum = bytes[4..<8].withUnsafeBytes {
                UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))
            }
            let fence = IndexFence(firstMorton: first, offset: 0, byteCount: bytes.count, checksum: checksum)
            return try bytes.withUnsafeBytes {
                try IndexLeaf($0, fence: fence, group: group, file: "f").entries
            }
        }
        let bytes = table(entries).bytes
        #expect(IndexLeaf.encoded(entries: entries[...], group: high.group).bytes == bytes)
        #expect(try read(bytes, high.group) == entries)
        expectCorrupt { try read(bytes, low.group) }
        expectCorrupt { try read(bytes, high.group, first: 4) }
        expectCorrupt { try read(table([entries[1], entries[0], entries[2]]).bytes, high.group) }
        expectCorrupt { try read(table([entries[0], entries[0]]).bytes, high.group) }
        expectCorrupt { try read(table([entries[2], entries[0]]).bytes, high.group, first: 6) }
        expectCorrupt { try read(Array(bytes.dropLast(40)), high.group) }
    }

    @Test("files lie where their names say")
    func paths() {
        #expect(
            SegmentReference.path(role: .log, identifier: file) == "wal/a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8.seg")
        #expect(
            SegmentReference.path(role: .bulk, identifier: FileIdentifier(high: 1, low: 2))
                == "seg/00/00000000000000010000000000000002.seg")
        #expect(SegmentReference.bulkDirectories.count == 256)
        #expect(
            SegmentReference.bulkDirectories.first == "seg/00"
                && SegmentReference.bulkDirectories.last == "seg/ff")
    }
}
