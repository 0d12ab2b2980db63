package import BossStorage

/// Passes everything on to another file system, after telling a closure of it.
///
/// The closure runs on the thread of the operation and before it: it may look at the disk, or take its time.
package final class HookedFileSystem: FileSystem {
    private let base: any FileSystem
    private let hook: @Sendable (TracedOperation) -> Void
    private let afterSync: @Sendable () -> Void

    package init(
        _ base: any FileSystem, before hook: @escaping @Sendable (TracedOperation) -> Void,
        afterSync: @escaping @Sendable () -> Void = {}
    ) {
        self.base = base
        self.hook = hook
        self.afterSync = afterSync
    }

    package var displayPath: String { base.displayPath }

    package func open(_ path: String, mode: FileMode) throws(StorageError) -> any StorageFile {
        hook(TracedOperation(mode == .createNew ? .create : .open, path))
        return HookedFile(try base.open(path, mode: mode), hook, afterSync)
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        hook(TracedOperation(.createDirectory, path))
        try base.createDirectory(path)
    }

    package func syncDirectory(_ path: String) throws(StorageError) {
        hook(TracedOperation(.syncDirectory, path))
        try base.syncDirectory(path)
    }

    package func renameNoReplace(_ path: String, to newPath: String) throws(StorageError) {
        hook(TracedOperation(.rename, path, newPath: newPath))
        try base.renameNoReplace(path, to: newPath)
    }

    package func unlink(_ path: String) throws(StorageError) {
        hook(TracedOperation(.unlink, path))
        try base.unlink(path)
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        hook(TracedOperation(.list, path))
        return try base.list(path)
    }

    package func exists(_ path: String) throws(StorageError) -> Bool { try base.exists(path) }

    package func lock(_ path: String, holder: String) throws(StorageError) -> any FileLock {
        hook(TracedOperation(.lock, path))
        return try base.lock(path, holder: holder)
    }

    package func randomUInt64() -> UInt64 { base.randomUInt64() }

    package func microsecondsSince1970() -> Int64 { base.microsecondsSince1970() }
}

private final class HookedFile: StorageFile {
    private let base: any StorageFile
    private let hook: @Sendable (TracedOperation) -> Void
    private let afterSync: @Sendable () -> Void

    init(
        _ base: any StorageFile, _ hook: @escaping @Sendable (TracedOperation) -> Void,
        _ afterSync: @escaping @Sendable () -> Void
    ) {
        self.base = base
        self.hook = hook
        self.afterSync = afterSync
    }

    var path: String { base.path }

    func byteCount() throws(StorageError) -> UInt64 { try base.byteCount() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        hook(TracedOperation(.read, path, offset: offset, byteCount: UInt64(buffer.count)))
        return try base.read(into: buffer, at: offset)
    }

    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError) {
        let count = buffers.reduce(0) { $0 + $1.count }
        hook(TracedOperation(.write, path, offset: offset, byteCount: UInt64(count)))
        try base.write(buffers, at: offset)
    }

    func sync() throws(StorageError) {
        hook(TracedOperation(.sync, path))
        try base.sync()
        afterSync()
    }

    func allocate(byteCount: UInt64) throws(StorageError) { try base.allocate(byteCount: byteCount) }

    func truncate(byteCount: UInt64) throws(StorageError) { try base.truncate(byteCount: byteCount) }

    func map(byteCount: Int) throws(StorageError) -> any FileMapping { try base.map(byteCount: byteCount) }
}
