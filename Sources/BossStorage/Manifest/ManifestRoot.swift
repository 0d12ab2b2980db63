import BossCodec

/// The state of the database on disk: an immutable, numbered file that names every other file.
///
///      0  u32 magic "BQRT"    4  u16 format major    6  u16 format minor
///      8  u64 incompatible features                 16  database identifier, 16 bytes
///     32  u64 root number    40  u64 writer epoch   48  u64 last sequence number published
///     56  i64 time, microseconds since 1970         64  u32 section count   68  u32 0
///     then sections: u32 kind, u32 flags (bit 0: must be understood), u64 byte length, bytes
///     last  u32 CRC of everything before
///
/// Sections: 1 live logs (file identifiers), 2 segments (160 bytes each), 3 dropped channels (u32 each), 4 shards (128
/// bytes each), 5 snapshots, 6 range tombstones (40 bytes each), 7 history (u64 oldest readable commit, i64
/// retention in microseconds), 8 notes of bulk commits (u64 sequence number, u32 length, bytes) that no log holds yet, 9
/// segments whose dead bytes have to be counted again (identifiers).
package struct ManifestRoot: Hashable, Sendable {
    /// Number in the file name; only grows.
    var number: UInt64
    var database: FileIdentifier
    var epoch: UInt64
    var lastSequence: UInt64
    var microseconds: Int64
    /// Logs that are not sealed, oldest first; at most one in this version.
    var logs: [FileIdentifier]
    var segments: [SegmentReference]
    var droppedChannels: [UInt32]
    /// Lists of further segments, ascending by key.
    var shards: [ShardReference] = []
    var snapshots: [NamedSnapshot] = []
    var rangeTombstones: [RangeTombstone] = []
    var history = HistoryRange()
    var bulkNotes: [BulkNote] = []
    /// Segments whose dead bytes have to be counted again: newer ones may have replaced their pages.
    var uncounted: [FileIdentifier] = []

    /// What a bulk commit says about itself, until the next log holds it.
    struct BulkNote: Hashable, Sendable {
        var sequence: UInt64
        var bytes: [UInt8]
    }

    private enum Section {
        static let logs: UInt32 = 1
        static let segments: UInt32 = 2
        static let droppedChannels: UInt32 = 3
        static let shards: UInt32 = 4
        static let snapshots: UInt32 = 5
        static let rangeTombstones: UInt32 = 6
        static let history: UInt32 = 7
        static let bulkNotes: UInt32 = 8
        static let uncounted: UInt32 = 9
        static let required: UInt32 = 1
    }
    private static let headerByteCount = 72
    /// A root larger than this is refused.
    static let maximumByteCount = 64 << 20

    static let directory = "MANIFEST"

    /// Whether a file is a root, or their folder: nothing can be read without the newest one.
    package static func isRoot(_ path: String) -> Bool {
        path == directory || (path.hasPrefix(directory + "/") && !path.hasPrefix(ShardReference.directory))
    }

    /// `MANIFEST/00000000000000000042.mf`.
    static func path(number: UInt64) -> String {
        let digits = String(number)
        return "\(directory)/" + String(repeating: "0", count: 20 - digits.count) + digits + ".mf"
    }

    /// The number in a file name of the manifest folder, or nil for any other file.
    static func number(ofFile name: String) -> UInt64? {
        let digits = name.utf8.dropLast(3)
        guard name.utf8.count == 23, name.hasSuffix(".mf"),
            digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        return UInt64(name.dropLast(3))
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Magic.root)
        writer.append(FormatVersion.major)
        writer.append(FormatVersion.minor)
        writer.append(FormatVersion.writtenFeatures)
        database.write(to: &writer)
        writer.append(number)
        writer.append(epoch)
        writer.append(lastSequence)
        writer.append(microseconds)
        writer.append(UInt32(9))
        writer.append(UInt32(0))
        Self.append(Section.logs, to: &writer) { body in for log in logs { log.write(to: &body) } }
        Self.append(Section.segments, to: &writer) { body in
            for segment in segments { segment.write(to: &body) }
        }
        Self.append(Section.droppedChannels, to: &writer) { body in
            for channel in droppedChannels { body.append(channel) }
        }
        Self.append(Section.shards, to: &writer) { body in for shard in shards { shard.write(to: &body) } }
        Self.append(Section.snapshots, to: &writer) { body in
            for snapshot in snapshots { snapshot.write(to: &body) }
        }
        Self.append(Section.rangeTombstones, to: &writer) { body in
            for tombstone in rangeTombstones { tombstone.write(to: &body) }
        }
        Self.append(Section.history, to: &writer) { body in history.write(to: &body) }
        Self.append(Section.bulkNotes, to: &writer) { body in
            for note in bulkNotes {
                body.append(note.sequence)
                body.append(UInt32(note.bytes.count))
                body.append(contentsOf: note.bytes)
            }
        }
        Self.append(Section.uncounted, to: &writer) { body in
            for segment in uncounted { segment.write(to: &body) }
        }
        writer.appendChecksum()
        return writer.bytes
    }

    private static func append(
        _ kind: UInt32, to writer: inout ByteWriter, _ fill: (inout ByteWriter) -> Void
    ) {
        var body = ByteWriter()
        fill(&body)
        writer.append(kind)
        writer.append(Section.required)
        writer.append(UInt64(body.bytes.count))
        writer.append(contentsOf: body.bytes)
    }

    init(
        number: UInt64, database: FileIdentifier, epoch: UInt64, lastSequence: UInt64, microseconds: Int64,
        logs: [FileIdentifier], segments: [SegmentReference], droppedChannels: [UInt32]
    ) {
        self.number = number
        self.database = database
        self.epoch = epoch
        self.lastSequence = lastSequence
        self.microseconds = microseconds
        self.logs = logs
        self.segments = segments
        self.droppedChannels = droppedChannels
    }

    /// Reads and checks a root.
    ///
    /// - Throws: `.corrupt` naming the file, `.unsupportedFormat` for a newer format.
    init(_ bytes: UnsafeRawBufferPointer, file: String, number expected: UInt64) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file)
        guard bytes.count >= Self.headerByteCount + 4, try cursor.next(UInt32.self) == Magic.root else {
            throw cursor.corrupt("not a manifest root")
        }
        let end = bytes.count - 4
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<end])) == stored else {
            throw cursor.corrupt("manifest root checksum")
        }
        let major: UInt16 = try cursor.next()
        try cursor.skip(2)
        try FormatVersion.check(major: major, features: cursor.next(), file: file)
        database = try FileIdentifier(&cursor)
        number = try cursor.next()
        epoch = try cursor.next()
        lastSequence = try cursor.next()
        microseconds = try cursor.next()
        let sectionCount: UInt32 = try cursor.next()
        try cursor.skip(4)
        guard number == expected else {
            throw cursor.corrupt("root \(number) under the name of root \(expected)")
        }
        logs = []
        segments = []
        droppedChannels = []
        for _ in 0..<sectionCount {
            let kind: UInt32 = try cursor.next()
            let flags: UInt32 = try cursor.next()
            guard let length = Int(exactly: try cursor.next(UInt64.self)) else {
                throw cursor.corrupt("section length")
            }
            var body = ByteCursor(try cursor.slice(length), file: file, base: UInt64(cursor.offset - length))
            if try !read(kind, &body) {
                guard flags & Section.required == 0 else {
                    throw .unsupportedFormat(file: file, .section(kind))
                }
            }
        }
        guard cursor.remaining == 4 else { throw cursor.corrupt("bytes after the last section") }
    }

    /// Reads one section; false for a kind that this program does not know.
    private mutating func read(_ kind: UInt32, _ body: inout ByteCursor) throws(StorageError) -> Bool {
        switch kind {
        case Section.logs: while body.remaining > 0 { logs.append(try FileIdentifier(&body)) }
        case Section.segments:
            segments.reserveCapacity(body.remaining / SegmentReference.byteCount)
            while body.remaining > 0 { segments.append(try SegmentReference(&body)) }
        case Section.droppedChannels: while body.remaining > 0 { droppedChannels.append(try body.next()) }
        case Section.shards: while body.remaining > 0 { shards.append(try ShardReference(&body)) }
        case Section.snapshots: while body.remaining > 0 { snapshots.append(try NamedSnapshot(&body)) }
        case Section.rangeTombstones:
            while body.remaining > 0 { rangeTombstones.append(try RangeTombstone(&body)) }
        case Section.history: history = try HistoryRange(&body)
        case Section.bulkNotes:
            while body.remaining > 0 {
                let sequence: UInt64 = try body.next()
                let count = Int(try body.next(UInt32.self))
                guard (1...PageLimits.brickByteCount).contains(count) else {
                    throw body.corrupt("length of a note")
                }
                bulkNotes.append(BulkNote(sequence: sequence, bytes: Array(try body.slice(count))))
            }
        case Section.uncounted: while body.remaining > 0 { uncounted.append(try FileIdentifier(&body)) }
        default: return false
        }
        return true
    }
}
