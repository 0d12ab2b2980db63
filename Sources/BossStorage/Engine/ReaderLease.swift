import BossCodec

/// What a reader of another process holds so that the writer keeps the files it may need: a locked file in `readers/`
/// with the number of the oldest root it goes by. The lock ends with the process, so a dead reader holds nothing.
///
/// 32 bytes at offset 256 of the file, behind the holder's text: u32 magic "BQLS", u32 0, u64 root number (0 keeps
/// everything), 12 bytes 0, u32 CRC of the bytes before.
final class ReaderLease: Sendable {
    private static let directory = "readers"
    private static let offset: UInt64 = 256
    private static let byteCount = 32
    private static let attempts = 8

    private let path: String
    private let lock: any FileLock
    private let file: any StorageFile
    private let fileSystem: any FileSystem

    /// Takes a lease that keeps everything, until it is told which root is enough.
    ///
    /// - Returns: nil where the directory cannot be written: nobody can remove files from there either, or the reader
    ///   has to live with files that vanish.
    static func take(_ fileSystem: any FileSystem, holder: String) -> ReaderLease? {
        for _ in 0..<attempts {
            let path = "\(directory)/\(FileIdentifier(from: fileSystem)).lease"
            guard (try? fileSystem.createDirectory(directory)) != nil else { return nil }
            do throws(StorageError) {
                let lock = try fileSystem.lock(path, holder: holder)
                do throws(StorageError) {
                    let file = try fileSystem.open(path, mode: .readWrite)
                    let lease = ReaderLease(path: path, lock: lock, file: file, fileSystem: fileSystem)
                    try lease.write(root: 0)
                    return lease
                } catch {
                    try? fileSystem.unlink(path)
                    lock.release()
                    return nil
                }
            } catch {
                // The writer may have taken the new file for that of a dead reader before it was locked.
                if case .locked = error { continue }
                return nil
            }
        }
        return nil
    }

    private init(path: String, lock: any FileLock, file: any StorageFile, fileSystem: any FileSystem) {
        self.path = path
        self.lock = lock
        self.file = file
        self.fileSystem = fileSystem
    }

    deinit {
        // The name goes while the lock is held: nobody else can have taken it over.
        try? fileSystem.unlink(path)
        lock.release()
    }

    /// Names the oldest root that is needed. A lease that cannot be rewritten goes on keeping more than it must.
    func update(root: UInt64) { try? write(root: root) }

    private func write(root: UInt64) throws(StorageError) {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.lease)
        writer.append(UInt32(0))
        writer.append(root)
        writer.pad(to: Self.byteCount - 4)
        writer.appendChecksum()
        let written = writer.bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: Self.offset) }
        }
        try written.get()
    }

    /// The oldest root that a live reader goes by, `UInt64.max` without one. Files of dead readers are removed.
    static func oldestRoot(_ fileSystem: any FileSystem) -> UInt64 {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.ignoreLeases) { return .max }
        #endif
        // A folder that cannot be listed may hold leases.
        guard let names = try? fileSystem.list(directory) else { return 0 }
        var oldest = UInt64.max
        for name in names {
            let path = "\(directory)/\(name)"
            do throws(StorageError) {
                let lock = try fileSystem.lock(path, holder: "")
                try? fileSystem.unlink(path)
                lock.release()
            } catch {
                guard case .locked = error else { return 0 }
                oldest = min(oldest, root(fileSystem, path))
            }
        }
        return oldest
    }

    /// The root that a lease names; 0, which keeps everything, when that cannot be read.
    private static func root(_ fileSystem: any FileSystem, _ path: String) -> UInt64 {
        guard let file = try? fileSystem.open(path, mode: .read) else { return 0 }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        return bytes.withUnsafeMutableBytes { buffer -> UInt64 in
            guard (try? file.read(into: buffer, at: offset)) == byteCount else { return 0 }
            let raw = UnsafeRawBufferPointer(buffer)
            guard UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self)) == Magic.lease,
                CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[0..<byteCount - 4]))
                    == UInt32(
                        littleEndian: raw.loadUnaligned(fromByteOffset: byteCount - 4, as: UInt32.self))
            else { return 0 }
            return UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }
}
