import BossCodec

/// A list of segments in a file of its own, as the root names it, 128 bytes.
///
/// The root of a petabyte would be megabytes long if it named every segment, and each commit of files would write
/// them all; so segments that have settled are listed in shards, each covering a part of the keys.
package struct ShardReference: Hashable, Sendable {
    static let byteCount = 128
    static let directory = "MANIFEST/shards"

    var identifier: FileIdentifier
    var fileByteCount: UInt64
    var checksum: UInt32
    var segmentCount: UInt32
    var minimumKey: CuboidKey
    var maximumKey: CuboidKey
    var maximumSequence: UInt64
    /// Lengths of all its segment files.
    var segmentByteCount: UInt64
    var liveByteCount: UInt64
    var deadByteCount: UInt64
    var heldByteCount: UInt64
    var snapshotByteCount: UInt64

    var path: String { Self.path(identifier: identifier) }

    static func path(identifier: FileIdentifier) -> String { "\(directory)/\(identifier.description).ms" }

    /// The reference of a list, whose file has this length and checksum.
    init(identifier: FileIdentifier, fileByteCount: UInt64, checksum: UInt32, segments: [SegmentReference]) {
        self.identifier = identifier
        self.fileByteCount = fileByteCount
        self.checksum = checksum
        segmentCount = UInt32(segments.count)
        let none = CuboidKey(group: PageGroup(channel: 0, resolution: 0, time: 0), morton: 0)
        minimumKey = segments.map(\.minimumKey).min() ?? none
        maximumKey = segments.map(\.maximumKey).max() ?? none
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.narrowShards) { maximumKey = segments.last?.minimumKey ?? none }
        #endif
        maximumSequence = segments.map(\.maximumSequence).max() ?? 0
        segmentByteCount = segments.reduce(0) { $0 + $1.fileByteCount }
        liveByteCount = segments.reduce(0) { $0 + $1.liveByteCount }
        deadByteCount = segments.reduce(0) { $0 + $1.deadByteCount }
        heldByteCount = segments.reduce(0) { $0 + $1.heldByteCount }
        snapshotByteCount = segments.reduce(0) { $0 + $1.snapshotByteCount }
    }

    func write(to writer: inout ByteWriter) {
        let start = writer.bytes.count
        identifier.write(to: &writer)
        writer.append(fileByteCount)
        writer.append(checksum)
        writer.append(segmentCount)
        minimumKey.write(to: &writer)
        maximumKey.write(to: &writer)
        writer.append(maximumSequence)
        writer.append(segmentByteCount)
        writer.append(liveByteCount)
        writer.append(deadByteCount)
        writer.append(heldByteCount)
        writer.append(snapshotByteCount)
        writer.pad(to: start + Self.byteCount)
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let start = cursor.offset
        identifier = try FileIdentifier(&cursor)
        fileByteCount = try cursor.next()
        checksum = try cursor.next()
        segmentCount = try cursor.next()
        minimumKey = try CuboidKey(&cursor)
        maximumKey = try CuboidKey(&cursor)
        guard minimumKey <= maximumKey else { throw cursor.corrupt("range of keys") }
        maximumSequence = try cursor.next()
        segmentByteCount = try cursor.next()
        liveByteCount = try cursor.next()
        deadByteCount = try cursor.next()
        heldByteCount = try cursor.next()
        snapshotByteCount = try cursor.next()
        let largest = SegmentReference.largestFileByteCount * UInt64(ShardFile.capacity)
        guard fileByteCount <= ManifestRoot.maximumByteCount, segmentCount <= ShardFile.capacity,
            [segmentByteCount, liveByteCount, deadByteCount, heldByteCount, snapshotByteCount]
                .allSatisfy({ $0 <= largest })
        else { throw cursor.corrupt("length of a list of segments") }
        try cursor.skip(start + Self.byteCount - cursor.offset)
    }
}

/// The bytes of a shard file: u32 magic "BQSH", u16 format major, u16 minor, database identifier, identifier of the
/// shard, u32 count, u32 0, the segments of 160 bytes each, u32 CRC of everything before.
enum ShardFile {
    /// Segments in a shard.
    static let capacity = 4096
    private static let headerByteCount = 48

    static func encoded(
        _ segments: [SegmentReference], identifier: FileIdentifier, database: FileIdentifier
    ) -> (bytes: [UInt8], checksum: UInt32) {
        var writer = ByteWriter(capacity: headerByteCount + segments.count * SegmentReference.byteCount + 4)
        writer.append(Magic.shard)
        writer.append(FormatVersion.major)
        writer.append(FormatVersion.minor)
        database.write(to: &writer)
        identifier.write(to: &writer)
        writer.append(UInt32(segments.count))
        writer.append(UInt32(0))
        for segment in segments { segment.write(to: &writer) }
        let checksum = writer.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        writer.append(checksum)
        return (writer.bytes, checksum)
    }

    /// Reads and checks a shard.
    ///
    /// - Throws: `.corrupt` naming the file, `.unsupportedFormat`.
    static func parse(
        _ bytes: UnsafeRawBufferPointer, reference: ShardReference, database: FileIdentifier
    ) throws(StorageError) -> [SegmentReference] {
        var cursor = ByteCursor(bytes, file: reference.path)
        guard bytes.count >= headerByteCount + 4, UInt64(bytes.count) == reference.fileByteCount,
            try cursor.next(UInt32.self) == Magic.shard
        else { throw cursor.corrupt("not the list of segments that the manifest names") }
        let end = bytes.count - 4
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
        guard stored == reference.checksum,
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<end])) == stored
        else { throw cursor.corrupt("checksum of a list of segments") }
        let major: UInt16 = try cursor.next()
        try cursor.skip(2)
        try FormatVersion.check(major: major, features: 0, file: reference.path)
        let owner = try FileIdentifier(&cursor)
        let identifier = try FileIdentifier(&cursor)
        let count = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        guard owner == database, identifier == reference.identifier, count == Int(reference.segmentCount),
            bytes.count == headerByteCount + count * SegmentReference.byteCount + 4
        else { throw cursor.corrupt("a list of segments of another database or length") }
        var segments: [SegmentReference] = []
        segments.reserveCapacity(count)
        for _ in 0..<count { segments.append(try SegmentReference(&cursor)) }
        return segments
    }
}
