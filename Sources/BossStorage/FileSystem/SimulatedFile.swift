import Synchronization

/// An open file of a simulated file system.
final class SimulatedFile: StorageFile {
    let path: String
    let inode: Int
    let owner: Int
    let isWritable: Bool
    private let disk: SimulatedDisk

    /// Takes over an inode that counts as open.
    init(path: String, inode: Int, owner: Int, isWritable: Bool, disk: SimulatedDisk) {
        self.path = path
        self.inode = inode
        self.owner = owner
        self.isWritable = isWritable
        self.disk = disk
    }

    deinit {
        disk.state.withLock { $0.close(inode) }
    }

    func byteCount() throws(StorageError) -> UInt64 {
        try disk.access { state throws(StorageError) in try state.byteCount(self) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try disk.access { state throws(StorageError) in try state.read(self, into: buffer, at: offset) }
    }

    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { bytes.append(contentsOf: buffer) }
        try disk.access { state throws(StorageError) in try state.write(self, bytes, at: offset) }
    }

    func sync() throws(StorageError) {
        try disk.access { state throws(StorageError) in try state.sync(self) }
    }

    func allocate(byteCount: UInt64) throws(StorageError) {
        try disk.access { state throws(StorageError) in try state.allocate(self, byteCount: byteCount) }
    }

    func truncate(byteCount: UInt64) throws(StorageError) {
        try disk.access { state throws(StorageError) in try state.truncate(self, byteCount: byteCount) }
    }

    func map(byteCount: Int) throws(StorageError) -> any FileMapping {
        try disk.access { state throws(StorageError) in try state.map(self, byteCount: byteCount) }
        return SimulatedMapping(file: self, byteCount: byteCount)
    }

    /// Reads for a mapping: all bytes, or EIO.
    func readMapping(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) {
        try disk.access { state throws(StorageError) in
            try state.readMapping(self, into: buffer, at: offset)
        }
    }
}

/// A mapping of a simulated file: reads the file as it is now, and holds it open.
///
/// Stricter than a real one: bytes behind the end of the file always fail, also within the last page.
final class SimulatedMapping: FileMapping {
    let byteCount: Int
    private let file: SimulatedFile

    init(file: SimulatedFile, byteCount: Int) {
        self.file = file
        self.byteCount = byteCount
    }

    func copy(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        checkRange(offset, buffer.count)
        guard buffer.count > 0 else { return }
        try file.readMapping(into: buffer, at: offset)
    }

    func guarded(
        from offset: Int, byteCount: Int, context: UnsafeMutableRawPointer,
        _ body: @convention(c) (UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Void
    ) throws(StorageError) {
        checkRange(offset, byteCount)
        guard byteCount > 0 else { return }
        // As well aligned as the same offset of a page would be.
        let inPage = offset % SimulatedContent.chunkByteCount
        let page = UnsafeMutableRawBufferPointer.allocate(
            byteCount: inPage + byteCount, alignment: SimulatedContent.chunkByteCount)
        defer { page.deallocate() }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: page[inPage...])
        try file.readMapping(into: bytes, at: offset)
        guard let base = bytes.baseAddress else { return }
        body(UnsafeRawPointer(base), byteCount, context)
    }

    func willNeed(from offset: Int, byteCount: Int) {
        checkRange(offset, byteCount)
    }

    private func checkRange(_ offset: Int, _ count: Int) {
        precondition(
            offset >= 0 && count >= 0 && offset <= byteCount && count <= byteCount - offset,
            "range outside the mapping")
    }
}

/// A held lock of a simulated file.
final class SimulatedLock: FileLock {
    private let inode: Int
    private let number: Int
    private let disk: SimulatedDisk

    /// Takes over an inode that counts as open.
    init(inode: Int, number: Int, disk: SimulatedDisk) {
        self.inode = inode
        self.number = number
        self.disk = disk
    }

    deinit {
        disk.state.withLock { state in
            state.unlock(inode, number: number)
            state.close(inode)
        }
    }

    func release() {
        disk.state.withLock { $0.unlock(inode, number: number) }
    }
}
