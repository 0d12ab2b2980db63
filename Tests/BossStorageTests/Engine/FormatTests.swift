import BossCodec
import Testing

@testable import BossSimulator
@testable import BossStorage

/// The bytes on disk against the tables of docs/FORMAT.md: each field is put together here by its offset.
@Suite("Format of the files")
struct FormatTests {
    private let database = FileIdentifier(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718)
    private let file = FileIdentifier(high: 0xA1A2_A3A4_A5A6_A7A8, low: 0xB1B2_B3B4_B5B6_B7B8)
    private let key = CuboidKey(
        group: PageGroup(channel: 0xC0DE, resolution: 0x83, time: 77), morton: 0x7654_3210)

    @Test("a page header is 96 bytes in the order of the table")
    func pageHeader() throws {
        let header = PageHeader(
            database: database, key: key, kind: .delta, voxelByteCount: 8, brickCount: 3, baseOrConstant: 41,
            pageByteCount: 1024, brickByteCount: 512, directoryChecksum: 0xDEAD)
        var table = ByteTable(96)
        table.put("BQPG", at: 0)
        table.put(UInt16(1), at: 4)
        table.put(UInt16(96), at: 6)
        table.put(database, at: 8)
        table.put(UInt32(0xC0DE), at: 24)
        table.put(UInt8(0x83), at: 28)
        table.put(UInt8(2), at: 29)
        table.put(UInt8(8), at: 30)
        table.put(UInt32(77), at: 32)
        table.put(UInt32(3), at: 36)
        table.put(UInt64(0x7654_3210), at: 40)
        table.put(UInt64(0), at: 48)
        table.put(UInt64(41), at: 56)
        table.put(UInt32(1024), at: 64)
        table.put(UInt32(512), at: 68)
        table.put(UInt32(48), at: 72)
        table.put(UInt32(0xDEAD), at: 80)
        table.seal(at: 92)
        #expect(header.encoded() == table.bytes)
        let read = try table.bytes.withUnsafeBytes { try PageHeader($0, file: "f", at: 0) }
        #expect(read == header)
        // Numbers that do not fit together are refused although the checksum is right.
        for (offset, value) in [(36, UInt32(4)), (36, 5000), (64, 100), (68, 9 << 20), (72, 47), (76, .max)] {
            var wrong = table
            wrong.put(value, at: offset)
            wrong.seal(at: 92)
            expectCorrupt { try wrong.bytes.withUnsafeBytes { try PageHeader($0, file: "f", at: 0) } }
        }
        expectRefusals(table, version: 4, seal: 92) { try PageHeader($0, file: "f", at: 0) }
        // No more is taken for a summary than the largest one has.
        var labelled = table
        labelled.put(UInt8(1), at: 31)
        labelled.put(UInt32(1 << 30), at: 64)
        for (byteCount, isSound) in [(PageSummary.byteLimit, true), (PageSummary.byteLimit + 1, false)] {
            labelled.put(UInt32(byteCount), at: 76)
            labelled.seal(at: 92)
            let found = try? labelled.bytes.withUnsafeBytes { try PageHeader($0, file: "f", at: 0) }
            #expect(found?.summaryByteCount == (isSound ? byteCount : nil))
        }
    }

    @Test("a directory entry is 16 bytes; brick and codec must fit the page")
    func brickEntry() throws {
        let header = PageHeader(
            database: database, key: key, kind: .full, voxelByteCount: 1, brickCount: 1, baseOrConstant: 0,
            pageByteCount: 640, brickByteCount: 512, directoryChecksum: 0)
        func entry(_ offset: UInt32, _ lengthAndCodec: UInt32, _ checksum: UInt32, _ index: UInt32) throws
            -> BrickEntry
        {
            var table = ByteTable(16)
            table.put(offset, at: 0)
            table.put(lengthAndCodec, at: 4)
            table.put(checksum, at: 8)
            table.put(index, at: 12)
            let entry = try table.bytes.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes, file: "f")
                return try BrickEntry(&cursor, header: header)
            }
            var writer = ByteWriter()
            entry.write(to: &writer)
            #expect(writer.bytes == table.bytes)
            return entry
        }
        let constant = try entry(0x89AB_CDEF, 1 << 24, 0x0123_4567, 5)
        #expect(constant.constantBits == 0x0123_4567_89AB_CDEF && constant.codec == .constant)
        #expect(try entry(128, 512 | 2 << 24, 7, 0).storedByteCount == 512)
        #expect(try entry(112, 528 | 3 << 24, 7, 4095).codec == .lz4)
        #expect(try entry(112, 528 | 5 << 24, 7, 4095).codec == .label)
        // One byte too far, too early, a raw brick of another length, unknown codecs, an index too large.
        for wrong in [
            (129, 512 | 2 << 24, 0), (111, 100 | 3 << 24, 0), (112, 529 | 4 << 24, 0),
            (128, 511 | 2 << 24, 0),
            (128, 10, 0), (128, 10 | 6 << 24, 0), (128, 512 | 2 << 24, 4096),
            (UInt32.max, 0xFF_FFFF | 4 << 24, 0),
        ] as [(UInt32, UInt32, UInt32)] {
            expectCorrupt { try entry(wrong.0, wrong.1, 0, wrong.2) }
        }
    }

    @Test("a file header is 4096 bytes in the order of the table")
    func segmentHeader() throws {
        let header = SegmentHeader(
            database: database, identifier: file, epoch: 9, createdMicroseconds: -5, role: .bulk,
            chainSeed: 0xFEED)
        var table = ByteTable(4096)
        table.put("BQSG", at: 0)
        table.put(UInt16(1), at: 4)
        // Labels may be stored as runs, and have an index.
        table.put(UInt64(3), at: 8)
        table.put(database, at: 24)
        table.put(file, at: 40)
        table.put(UInt64(9), at: 56)
        table.put(Int64(-5), at: 64)
        table.put(UInt8(2), at: 72)
        table.put(UInt32(0xFEED), at: 76)
        table.seal(at: 80)
        #expect(header.encoded() == table.bytes)
        let read = try table.bytes.withUnsafeBytes { try SegmentHeader($0, file: "f") }
        #expect(read.encoded() == table.bytes)
        var compatible = table
        compatible.put(UInt64.max, at: 16)
        compatible.put(UInt16(99), at: 6)
        compatible.seal(at: 80)
        #expect(throws: Never.self) {
            try compatible.bytes.withUnsafeBytes { try SegmentHeader($0, file: "f") }
        }
        expectRefusals(table, version: 4, features: 8, seal: 80) { try SegmentHeader($0, file: "f") }
    }

    @Test("a commit record is 64 bytes in the order of the table; anything else is none")
    func commitRecord() {
        let record = CommitRecord(
            sequence: 12, isClose: true, pageCount: 3, pagesChecksum: 4, batchOffset: 4096,
            flushedByteCount: 8192,
            microseconds: -1, previousChecksum: 5)
        var table = ByteTable(64)
        table.put("BQCM", at: 0)
        table.put(UInt16(1), at: 4)
        table.put(UInt16(1), at: 6)
        table.put(UInt64(12), at: 8)
        table.put(UInt32(3), at: 16)
        table.put(UInt32(4), at: 20)
        table.put(UInt64(4096), at: 24)
        table.put(UInt64(8192), at: 32)
        table.put(Int64(-1), at: 40)
        table.put(UInt32(5), at: 48)
        table.seal(at: 60)
        #expect(record.encoded() == table.bytes)
        #expect(table.bytes.withUnsafeBytes { CommitRecord($0) } == record)
        #expect(
            CommitRecord.checksum(of: table.bytes)
                == table.bytes.prefix(60).withUnsafeBytes { CRC32C.checksum($0) })
        for bit in 0..<64 * 8 {
            var wrong = table.bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(wrong.withUnsafeBytes { CommitRecord($0) } == nil)
        }
        var newer = table
        newer.put(UInt16(2), at: 4)
        newer.seal(at: 60)
        #expect(newer.bytes.withUnsafeBytes { CommitRecord($0) } == nil)
        #expect(table.bytes.prefix(63).withUnsafeBytes { CommitRecord($0) } == nil)
    }

    @Test("a status block is 64 bytes in the order of the table; anything else is none")
    func status() {
        let status = WriterStatus(
            epoch: 3, rootNumber: 14, log: file, logByteCount: 4096 * 5, bootIdentifier: 0xB007)
        var table = ByteTable(64)
        table.put("BQST", at: 0)
        table.put(UInt64(3), at: 8)
        table.put(UInt64(14), at: 16)
        table.put(file, at: 24)
        table.put(UInt64(4096 * 5), at: 40)
        table.put(UInt64(0xB007), at: 48)
        table.seal(at: 60)
        #expect(status.encoded() == table.bytes)
        #expect(WriterStatus.offset == 4096 && WriterStatus.path == "LOCK")
        #expect(table.bytes.withUnsafeBytes { WriterStatus($0) } == status)
        for bit in 0..<64 * 8 {
            var wrong = table.bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(wrong.withUnsafeBytes { WriterStatus($0) } == nil)
        }
        #expect([UInt8](repeating: 0, count: 64).withUnsafeBytes { WriterStatus($0) } == nil)
    }

    private func expectRefusals<Value>(
        _ table: ByteTable, version: Int, features: Int? = nil, seal: Int,
        _ read: (UnsafeRawBufferPointer) throws -> Value
    ) {
        FormatTests.expectRefusals(table, version: version, features: features, seal: seal, read)
    }
}
