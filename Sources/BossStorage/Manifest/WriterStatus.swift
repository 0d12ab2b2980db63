import BossCodec

/// What the writer tells readers of other processes, and its own successor: 64 bytes at offset 4096 of
/// the LOCK file, rewritten after every flush and never flushed itself. It only ever claims less than the
/// disk holds, so a stale one is harmless.
///
///      0  u32 magic "BQST"    4  u32 0    8  u64 epoch     16  u64 root number
///     24  log identifier, 16 bytes       40  u64 flushed length of the log
///     48  u64 boot identifier            56  u32 0         60  u32 CRC of bytes 0..<60
struct WriterStatus: Hashable, Sendable {
    static let byteCount = 64
    static let offset: UInt64 = 4096
    static let path = "LOCK"

    var epoch: UInt64
    var rootNumber: UInt64
    var log: FileIdentifier
    var logByteCount: UInt64
    /// Tells whether the machine was restarted since; page cache contents are only trusted within one boot.
    var bootIdentifier: UInt64

    /// Whether the writer is known to have worked before the machine was started the last time, so that
    /// the page cache shows nothing that the disk lacks.
    func isOfEarlierBoot(_ boot: UInt64) -> Bool {
        boot != 0 && bootIdentifier != 0 && boot != bootIdentifier
    }

    /// Whether the writer is known to have worked since the machine was started.
    func isOfBoot(_ boot: UInt64) -> Bool { boot != 0 && boot == bootIdentifier }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.status)
        writer.append(UInt32(0))
        writer.append(epoch)
        writer.append(rootNumber)
        log.write(to: &writer)
        writer.append(logByteCount)
        writer.append(bootIdentifier)
        writer.append(UInt32(0))
        writer.appendChecksum()
        return writer.bytes
    }

    /// Reads a status; nil for bytes that are none, since a torn one means nothing.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        var cursor = ByteCursor(bytes, file: Self.path, base: Self.offset)
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 60, as: UInt32.self))
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<60])) == stored,
            (try? cursor.next(UInt32.self)) == Magic.status, (try? cursor.skip(4)) != nil,
            let epoch: UInt64 = try? cursor.next(), let rootNumber: UInt64 = try? cursor.next(),
            let log = try? FileIdentifier(&cursor), let logByteCount: UInt64 = try? cursor.next(),
            let bootIdentifier: UInt64 = try? cursor.next()
        else { return nil }
        self.epoch = epoch
        self.rootNumber = rootNumber
        self.log = log
        self.logByteCount = logByteCount
        self.bootIdentifier = bootIdentifier
    }

    init(epoch: UInt64, rootNumber: UInt64, log: FileIdentifier, logByteCount: UInt64, bootIdentifier: UInt64)
    {
        self.epoch = epoch
        self.rootNumber = rootNumber
        self.log = log
        self.logByteCount = logByteCount
        self.bootIdentifier = bootIdentifier
    }

    /// The status in the LOCK file, if there is a readable one.
    static func load(from fileSystem: any FileSystem) -> WriterStatus? {
        // A missing or unreadable status says nothing, which is a legal state.
        guard let file = try? fileSystem.open(path, mode: .read) else { return nil }
        return load(from: file)
    }

    static func load(from file: any StorageFile) -> WriterStatus? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        return bytes.withUnsafeMutableBytes { buffer in
            guard (try? file.read(into: buffer, at: offset)) == byteCount else { return nil }
            return WriterStatus(UnsafeRawBufferPointer(buffer))
        }
    }
}
