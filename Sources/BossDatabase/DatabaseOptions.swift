/// How a database is opened.
public struct DatabaseOptions: Sendable {
    /// Whether the handle may write.
    public enum Access: Sendable {
        /// The one writer.
        case readWrite
        /// Beside a writer, or on a medium that cannot be written.
        case readOnly
    }

    /// Reading and writing by default.
    public var access = Access.readWrite
    /// Whether a database that does not exist is created; ignored when reading only.
    public var createIfMissing = true
    /// Memory for decoded bricks, in bytes.
    public var poolByteCount = 256 << 20
    /// The largest result of one read, in bytes; a larger one is refused before anything is read.
    public var resultByteCountLimit = 2 << 30
    /// Bytes a transaction may hold in memory before it is committed.
    public var transactionByteCountLimit = 1 << 30
    /// A write of at least this many bytes goes straight to a segment file instead of through the log.
    public var bulkByteCount = 8 << 20
    /// Whether a thread of a writing handle counts and compacts segment files while there is work to do.
    public var maintainsInBackground = true
    /// Bytes a second that compaction copies while there is space and no write waits for it; 0 for as fast as it can.
    public var compactionByteRate = 200 << 20
    /// Threads that decode, encode and copy; all cores when nil.
    public var workerCount: Int?

    /// The defaults.
    public init() {}
}
