#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Content of open files.
extension SimulatedState {
    mutating func byteCount(_ file: SimulatedFile) throws(StorageError) -> UInt64 {
        let operation = TracedOperation(.status, file.path)
        try require(operation, try admit(operation, owner: file.owner))
        return UInt64(inodes[file.inode].visible.byteCount)
    }

    mutating func read(
        _ file: SimulatedFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(StorageError) -> Int {
        let operation = TracedOperation(.read, file.path, offset: offset, byteCount: UInt64(buffer.count))
        try require(operation, try admit(operation, owner: file.owner))
        guard let start = Int(exactly: offset) else { throw tooLarge(operation) }
        return inodes[file.inode].visible.read(into: buffer, at: start)
    }

    mutating func write(_ file: SimulatedFile, _ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        let operation = TracedOperation(.write, file.path, offset: offset, byteCount: UInt64(bytes.count))
        let verdict = try admit(operation, owner: file.owner)
        try requireWritable(file, operation)
        let start = try checkedEnd(offset, adding: 0, operation)
        let end = try checkedEnd(offset, adding: bytes.count, operation)
        if case .proceed = verdict {
            let room = roomFor(file.inode, end: end)
            if room < end {
                writePrefix(file, bytes, at: start, limit: max(0, room - start))
                refusalCount += 1
                throw .diskFull(file: file.path)
            }
            if !bytes.isEmpty { inodes[file.inode].change(.write(offset: start, bytes: bytes)) }
            return
        }
        writePrefix(
            file, bytes, at: start, limit: max(0, min(bytes.count, roomFor(file.inode, end: end) - start)))
        try require(operation, verdict)
    }

    /// Half of the failing writes leave something behind.
    private mutating func writePrefix(_ file: SimulatedFile, _ bytes: [UInt8], at offset: Int, limit: Int) {
        guard limit > 0, random.chance(50) else { return }
        let prefix = Array(bytes.prefix(1 + random.below(limit)))
        inodes[file.inode].change(.write(offset: offset, bytes: prefix))
    }

    mutating func sync(_ file: SimulatedFile) throws(StorageError) {
        let operation = TracedOperation(.sync, file.path)
        let verdict = try admit(operation, owner: file.owner)
        if case .fail = verdict { inodes[file.inode].failSync() }
        try require(operation, verdict)
        if !faults.plan.syncsLie { inodes[file.inode].sync() }
    }

    mutating func allocate(_ file: SimulatedFile, byteCount: UInt64) throws(StorageError) {
        try changeLength(file, TracedOperation(.allocate, file.path, byteCount: byteCount)) { .extend($0) }
    }

    mutating func truncate(_ file: SimulatedFile, byteCount: UInt64) throws(StorageError) {
        try changeLength(file, TracedOperation(.truncate, file.path, byteCount: byteCount)) {
            .setByteCount($0)
        }
    }

    private mutating func changeLength(
        _ file: SimulatedFile, _ operation: TracedOperation, _ change: (Int) -> ContentChange
    ) throws(StorageError) {
        let verdict = try admit(operation, owner: file.owner)
        try requireWritable(file, operation)
        let end = try checkedEnd(operation.byteCount, adding: 0, operation)
        if case .proceed = verdict, roomFor(file.inode, end: end) < end {
            refusalCount += 1
            throw .diskFull(file: file.path)
        }
        try perform(operation, verdict) { $0.inodes[file.inode].change(change(end)) }
    }

    mutating func map(_ file: SimulatedFile, byteCount: Int) throws(StorageError) {
        let operation = TracedOperation(.map, file.path, byteCount: UInt64(max(0, byteCount)))
        try require(operation, try admit(operation, owner: file.owner))
        guard byteCount >= 0, byteCount <= inodes[file.inode].visible.byteCount else {
            throw .inputOutput(operation: "map", file: file.path, errno: EINVAL)
        }
    }

    mutating func readMapping(
        _ file: SimulatedFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(StorageError) {
        let operation = TracedOperation(
            .readMapping, file.path, offset: UInt64(offset), byteCount: UInt64(buffer.count))
        try require(operation, try admit(operation, owner: file.owner))
        guard inodes[file.inode].visible.read(into: buffer, at: offset) == buffer.count else {
            throw .inputOutput(operation: "map", file: file.path, errno: EIO)
        }
    }

    private func requireWritable(_ file: SimulatedFile, _ operation: TracedOperation) throws(StorageError) {
        guard file.isWritable else {
            throw .inputOutput(operation: "\(operation.kind)", file: file.path, errno: EBADF)
        }
    }

    private func checkedEnd(
        _ offset: UInt64, adding byteCount: Int, _ operation: TracedOperation
    ) throws(StorageError) -> Int {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(byteCount))
        guard !overflow, end <= UInt64(SimulatedContent.limit) else { throw tooLarge(operation) }
        return Int(end)
    }

    private func tooLarge(_ operation: TracedOperation) -> StorageError {
        .inputOutput(operation: "\(operation.kind)", file: operation.path, errno: EFBIG)
    }

    /// The largest end up to `end` that the quota lets the file have.
    private func roomFor(_ inode: Int, end: Int) -> Int {
        let length = inodes[inode].visible.byteCount
        guard let quota = faults.plan.quotaByteCount, end > length else { return end }
        return min(end, length + max(0, quota - usedByteCount))
    }

    /// What counts against the quota.
    var usedByteCount: Int {
        inodes.reduce(0) { $1.isNamed || $1.openCount > 0 ? $0 + $1.visible.byteCount : $0 }
    }
}
