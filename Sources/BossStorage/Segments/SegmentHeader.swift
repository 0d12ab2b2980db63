import BossCodec

/// Where a segment file comes from; it decides the folder.
enum SegmentRole: UInt8, Sendable {
    /// A log, sealed or live.
    case log = 1
    /// A bulk load of whole cuboids.
    case bulk = 2
    /// Pages that compaction took over from other segments; each has its own commit.
    case compacted = 3

    var directory: String { self == .log ? "wal" : "seg" }
}

/// The first 4096 bytes of a log or segment file.
///
///      0  u32 magic "BQSG"    4  u16 format major    6  u16 format minor
///      8  u64 incompatible features                 16  u64 compatible features
///     24  database identifier, 16 bytes             40  file identifier, 16 bytes
///     56  u64 writer epoch   64  i64 creation time, microseconds since 1970
///     72  u8 role            73  3 bytes 0          76  u32 chain seed of the commit records
///     80  u32 CRC of bytes 0..<80, then zeros
struct SegmentHeader: Sendable {
    static let byteCount = 4096
    static let usedByteCount = 84

    var database: FileIdentifier
    var identifier: FileIdentifier
    var epoch: UInt64
    var createdMicroseconds: Int64
    var role: SegmentRole
    var chainSeed: UInt32

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.segment)
        writer.append(FormatVersion.major)
        writer.append(FormatVersion.minor)
        writer.append(FormatVersion.writtenFeatures)
        writer.append(UInt64(0))
        database.write(to: &writer)
        identifier.write(to: &writer)
        writer.append(epoch)
        writer.append(createdMicroseconds)
        writer.append(role.rawValue)
        writer.pad(to: 76)
        writer.append(chainSeed)
        writer.appendChecksum()
        return writer.bytes + [UInt8](repeating: 0, count: Self.byteCount - writer.bytes.count)
    }

    init(
        database: FileIdentifier, identifier: FileIdentifier, epoch: UInt64, createdMicroseconds: Int64,
        role: SegmentRole, chainSeed: UInt32
    ) {
        self.database = database
        self.identifier = identifier
        self.epoch = epoch
        self.createdMicroseconds = createdMicroseconds
        self.role = role
        self.chainSeed = chainSeed
    }

    /// Reads and checks a header.
    ///
    /// - Throws: `.corrupt` or `.unsupportedFormat`.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file)
        guard bytes.count >= Self.usedByteCount else { throw cursor.corrupt("segment header cut short") }
        guard try cursor.next(UInt32.self) == Magic.segment else {
            throw cursor.corrupt("not a segment file")
        }
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 80, as: UInt32.self))
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<80])) == stored else {
            throw cursor.corrupt("segment header checksum")
        }
        let major: UInt16 = try cursor.next()
        try cursor.skip(2)
        try FormatVersion.check(major: major, features: cursor.next(), file: file)
        try cursor.skip(8)
        database = try FileIdentifier(&cursor)
        identifier = try FileIdentifier(&cursor)
        epoch = try cursor.next()
        createdMicroseconds = try cursor.next()
        guard let role = SegmentRole(rawValue: try cursor.next()) else {
            throw cursor.corrupt("segment role")
        }
        self.role = role
        try cursor.skip(3)
        chainSeed = try cursor.next()
    }

    /// Reads the header of an open file.
    static func load(_ file: any StorageFile) throws(StorageError) -> SegmentHeader {
        var bytes = [UInt8](repeating: 0, count: usedByteCount)
        let loaded = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                let count = try file.read(into: buffer, at: 0)
                return try SegmentHeader(
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[0..<count]),
                    file: file.path)
            }
        }
        return try loaded.get()
    }
}
