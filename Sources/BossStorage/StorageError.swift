/// What the engine refuses or finds broken. Cases carry the facts; the facade makes the sentences.
public enum StorageError: Error, Hashable, Sendable {
    /// The directory holds no database.
    case notADatabase(path: String)
    /// The directory exists already.
    case alreadyExists(path: String)
    /// Another process, or another handle in this one, is the writer.
    case locked(path: String, holder: String)
    /// A write was asked of a read-only handle.
    case readOnly
    /// The handle was closed.
    case closed
    /// An operation on a file failed with an errno value.
    case inputOutput(operation: String, file: String, errno: Int32)
    /// The disk or the quota is full.
    case diskFull(file: String)
    /// A checksum or a format rule is violated.
    case corrupt(file: String, offset: UInt64, reason: String)
    /// The file was written by a newer program, and needs something that this one does not know.
    case unsupportedFormat(file: String, UnknownFormat)
    /// A flush failed earlier; the writer takes no more commits until it is reopened.
    case storageFailed(reason: String)
    /// A page that this transaction read was changed by a later commit.
    case writeConflict
    /// A channel that this transaction writes to was dropped by a later commit.
    case channelDropped(channel: UInt32)
    /// A page, a batch or a brick is larger than the format holds.
    case tooLarge(what: String, byteCount: Int, limit: Int)
    /// A commit whose state cannot be read any more, or not yet.
    case historyUnavailable(sequence: UInt64, oldest: UInt64, newest: UInt64)
    /// There is no snapshot of this name.
    case noSnapshot(name: String)
    /// There is a snapshot of this name.
    case snapshotExists(name: String)
    /// A path of this name cannot be opened: it does not exist.
    case notFound(file: String)
}

extension StorageError {
    /// The file that is damaged, missing, of a newer format or that the system refuses; nil for other errors.
    package var troubledFile: String? {
        switch self {
        case .corrupt(let file, _, _), .inputOutput(_, let file, _), .unsupportedFormat(let file, _),
            .notFound(let file):
            file
        default: nil
        }
    }

    /// The same error with a directory in front of the troubled file, for errors of a directory that is not the
    /// database's own.
    func inside(_ directory: String) -> StorageError {
        switch self {
        case .corrupt(let file, let offset, let reason):
            .corrupt(file: "\(directory)/\(file)", offset: offset, reason: reason)
        case .inputOutput(let operation, let file, let errno):
            .inputOutput(operation: operation, file: "\(directory)/\(file)", errno: errno)
        case .unsupportedFormat(let file, let unknown):
            .unsupportedFormat(file: "\(directory)/\(file)", unknown)
        case .notFound(let file): .notFound(file: "\(directory)/\(file)")
        default: self
        }
    }

    /// Runs a flush. What it was to make durable is lost when it fails, for whatever reason, so the writer
    /// has to stop.
    ///
    /// - Throws: `.storageFailed` with the error as the reason.
    static func flushing(_ flush: () throws(StorageError) -> Void) throws(StorageError) {
        do { try flush() } catch {
            let reason =
                switch error {
                case .inputOutput(let operation, let file, let code):
                    "\(file) \(SystemFailure(code).sentence(of: operation))"
                case .diskFull(let file): "the disk is full: \(file) cannot grow"
                default: "\(error)"
                }
            throw .storageFailed(reason: reason)
        }
    }
}
