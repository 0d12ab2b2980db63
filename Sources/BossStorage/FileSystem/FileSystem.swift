/// All input and output of the engine passes through this seam, so that crashes, full disks and
/// I/O errors can be simulated by the hundred thousand.
///
/// Paths are relative to the database directory, with `/` between components and no `.` or `..`; others are
/// refused with EINVAL.
/// Every failure is a `StorageError`: `.diskFull` for ENOSPC and EDQUOT, `.notFound` for ENOENT,
/// `.alreadyExists` where said, otherwise `.inputOutput` with the errno. Implementations retry EINTR
/// and complete short reads and writes.
package protocol FileSystem: Sendable {
    /// A name for messages: the directory.
    var displayPath: String { get }

    /// Opens a file.
    ///
    /// - Parameter mode: `.createNew` fails with `.alreadyExists` when the name is taken.
    func open(_ path: String, mode: FileMode) throws(StorageError) -> any StorageFile
    /// Makes a directory; no error when it exists. Parents are made too. On return their entries are durable.
    func createDirectory(_ path: String) throws(StorageError)
    /// Makes the entries of a directory durable; `""` is the database directory itself.
    func syncDirectory(_ path: String) throws(StorageError)
    /// Renames without replacing: `.alreadyExists` when the new name is taken.
    func renameNoReplace(_ path: String, to newPath: String) throws(StorageError)
    /// Removes a file's name. Open files stay readable.
    func unlink(_ path: String) throws(StorageError)
    /// Names of files in a directory, without those of directories, unsorted; empty when the directory does
    /// not exist.
    func list(_ path: String) throws(StorageError) -> [String]
    /// Whether a file or directory of this name exists.
    func exists(_ path: String) throws(StorageError) -> Bool
    /// Takes the exclusive lock of a file, which is created if needed, until the returned lock is released.
    ///
    /// The holder's text fills the first 256 bytes of the file; what lies behind is left alone.
    ///
    /// - Throws: `.locked` when another handle holds it, with this path and the holder from the file's
    ///   content, `""` when that was not written yet.
    func lock(_ path: String, holder: String) throws(StorageError) -> any FileLock
    /// Random bytes for unique file names; seeded in simulation.
    func randomUInt64() -> UInt64
    /// Wall-clock time in microseconds since 1970, for humans only; seeded in simulation.
    func microsecondsSince1970() -> Int64
}

/// How a file is opened.
package enum FileMode: Sendable {
    /// For reading only.
    case read
    /// For reading and writing; the file exists.
    case readWrite
    /// For reading and writing; the file must not exist.
    case createNew
}

/// An open file. Reads and writes may come from several threads at once.
package protocol StorageFile: AnyObject, Sendable {
    /// The path it was opened by, for messages.
    var path: String { get }
    /// The current length in bytes.
    func byteCount() throws(StorageError) -> UInt64
    /// Fills the buffer from an offset; returns fewer bytes only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
    /// Writes all buffers one after the other from an offset. After an error a prefix may have been written.
    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError)
    /// Makes content and length durable (fdatasync).
    func sync() throws(StorageError)
    /// Starts writing a part of the file to the disk without waiting; a hint that makes nothing durable.
    func startFlush(offset: UInt64, byteCount: Int)
    /// Allocates blocks for `0..<byteCount`, extending the length with zeros; never shortens. Where the file
    /// system cannot allocate, only the length grows.
    func allocate(byteCount: UInt64) throws(StorageError)
    /// Cuts or extends the length.
    func truncate(byteCount: UInt64) throws(StorageError)
    /// Maps the first bytes for reading. The file must not be written any more in that part.
    ///
    /// - Throws: `.inputOutput` with EINVAL when the file is shorter.
    func map(byteCount: Int) throws(StorageError) -> any FileMapping
}

extension StorageFile {
    package func startFlush(offset: UInt64, byteCount: Int) {}

    /// Allocates as much as there may be needed, or on a full disk just as much as there must be.
    ///
    /// - Returns: the length that was allocated.
    func allocate(byteCount: UInt64, atLeast least: UInt64) throws(StorageError) -> UInt64 {
        do throws(StorageError) {
            try allocate(byteCount: byteCount)
            return byteCount
        } catch {
            guard case .diskFull = error else { throw error }
            try allocate(byteCount: least)
            return least
        }
    }
}

/// Bytes of a file in memory. Never dereferenced directly: a file shortened by someone else or a disk
/// error would end the process. All access is by guarded copies.
package protocol FileMapping: AnyObject, Sendable {
    /// Mapped bytes.
    var byteCount: Int { get }
    /// Copies bytes out.
    ///
    /// - Throws: `.inputOutput` when the bytes cannot be had, for example after the file was cut.
    /// - Precondition: the range lies inside the mapping.
    func copy(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError)
    /// Runs `body` over mapped bytes under a guard; `body` may only call C code that holds no lock and
    /// allocates nothing, since a fault leaves it at once.
    ///
    /// - Parameter body: a C function with a context pointer; the bytes start at `offset`.
    /// - Throws: `.inputOutput` when the bytes cannot be had.
    func guarded(
        from offset: Int, byteCount: Int, context: UnsafeMutableRawPointer,
        _ body: @convention(c) (UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Void
    ) throws(StorageError)
    /// Asks for bytes to be read ahead; a hint.
    func willNeed(from offset: Int, byteCount: Int)
}

/// A held lock.
package protocol FileLock: AnyObject, Sendable {
    /// Gives the lock up; also done when the lock is deallocated or the process ends.
    func release()
}
