/// A sealed segment as the manifest names it, 160 bytes. Length and footer checksum stand here, outside
/// the file, so that a swapped, stale or shortened file is noticed.
package struct SegmentReference: Hashable, Sendable {
    static let byteCount = 160
    /// No segment file is longer, 16 TiB: the lengths in a root then add up to less than 2^64.
    static let largestFileByteCount: UInt64 = 1 << 44

    var identifier: FileIdentifier
    var role: SegmentRole
    /// 0 for sealed logs and small bulk loads as they came, 1 for files that compaction has seen.
    var level: UInt8
    var fileByteCount: UInt64
    var footerChecksum: UInt32
    var minimumKey: CuboidKey
    var maximumKey: CuboidKey
    /// Smallest sequence number of its pages; of a bulk segment the newest commit that the load was made from.
    var minimumSequence: UInt64
    var maximumSequence: UInt64
    var pageCount: UInt64
    var liveByteCount: UInt64
    /// Bytes of pages that no view can need any more, as far as that was counted.
    var deadByteCount: UInt64
    /// Bytes of pages that newer ones replaced, and that only the history needs.
    var heldByteCount: UInt64
    /// Bytes of pages that newer ones replaced, and that a snapshot needs.
    var snapshotByteCount: UInt64
    /// The commit of all pages of a bulk segment; 0 where each page has its own.
    var commitSequence: UInt64

    /// An index entry with the commit that wrote its page: entries of bulk segments do not know it.
    func stamped(_ entry: IndexEntry) -> IndexEntry {
        commitSequence == 0 ? entry : entry.stamped(commitSequence, madeFrom: minimumSequence)
    }

    var path: String { Self.path(role: role, identifier: identifier) }

    static func path(role: SegmentRole, identifier: FileIdentifier) -> String {
        let name = identifier.description
        return role == .log ? "wal/\(name).seg" : "seg/\(name.prefix(2))/\(name).seg"
    }

    /// Every folder that bulk segments can lie in.
    static let bulkDirectories = (0..<256).map { number in
        "seg/" + (number < 16 ? "0" : "") + String(number, radix: 16)
    }

    /// Whether keys of a range may be inside.
    func overlaps(_ low: CuboidKey, _ high: CuboidKey) -> Bool { low <= maximumKey && minimumKey <= high }

    func write(to writer: inout ByteWriter) {
        let start = writer.bytes.count
        identifier.write(to: &writer)
        writer.append(role.rawValue)
        writer.append(level)
        writer.append(UInt16(0))
        writer.append(footerChecksum)
        writer.append(fileByteCount)
        minimumKey.write(to: &writer)
        maximumKey.write(to: &writer)
        writer.append(minimumSequence)
        writer.append(maximumSequence)
        writer.append(pageCount)
        writer.append(liveByteCount)
        writer.append(deadByteCount)
        writer.append(commitSequence)
        writer.append(heldByteCount)
        writer.append(snapshotByteCount)
        writer.pad(to: start + Self.byteCount)
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let start = cursor.offset
        identifier = try FileIdentifier(&cursor)
        guard let role = SegmentRole(rawValue: try cursor.next()) else {
            throw cursor.corrupt("segment role")
        }
        self.role = role
        level = try cursor.next()
        try cursor.skip(2)
        footerChecksum = try cursor.next()
        fileByteCount = try cursor.next()
        minimumKey = try CuboidKey(&cursor)
        maximumKey = try CuboidKey(&cursor)
        guard minimumKey <= maximumKey else { throw cursor.corrupt("range of keys") }
        minimumSequence = try cursor.next()
        maximumSequence = try cursor.next()
        pageCount = try cursor.next()
        liveByteCount = try cursor.next()
        deadByteCount = try cursor.next()
        commitSequence = try cursor.next()
        heldByteCount = try cursor.next()
        snapshotByteCount = try cursor.next()
        guard
            [fileByteCount, liveByteCount, deadByteCount, heldByteCount, snapshotByteCount]
                .allSatisfy({ $0 <= Self.largestFileByteCount })
        else { throw cursor.corrupt("length of a segment file") }
        try cursor.skip(start + Self.byteCount - cursor.offset)
    }

    init(
        identifier: FileIdentifier, role: SegmentRole, fileByteCount: UInt64, footerChecksum: UInt32,
        footer: SegmentFooter, commitSequence: UInt64
    ) {
        self.identifier = identifier
        self.role = role
        level = 0
        self.fileByteCount = fileByteCount
        self.footerChecksum = footerChecksum
        minimumKey = footer.minimumKey
        maximumKey = footer.maximumKey
        minimumSequence = commitSequence == 0 ? footer.minimumSequence : commitSequence
        maximumSequence = commitSequence == 0 ? footer.maximumSequence : commitSequence
        pageCount = footer.pageCount
        liveByteCount = footer.liveByteCount
        deadByteCount = 0
        heldByteCount = 0
        snapshotByteCount = 0
        self.commitSequence = commitSequence
    }
}
