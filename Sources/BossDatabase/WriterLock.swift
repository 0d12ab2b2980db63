import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Database {
    private static let holderPrefix = "process "
    /// A new holder writes its name within microseconds of taking the lock.
    private static let holderAttempts = 20
    private static let holderPauseMicroseconds: UInt32 = 5_000

    /// Opens the engine.
    ///
    /// The lock is taken first and the name of its holder written then, so somebody who is refused in between reads
    /// the name of an earlier one. A name of a process that does not live is read again.
    static func openEngine(
        _ path: String, isWriter: Bool, options: StorageOptions
    ) throws(DatabaseError) -> StorageEngine {
        var attempt = 1
        while true {
            do throws(StorageError) {
                let files = try PosixFileSystem(directory: path, createIfMissing: isWriter)
                return try StorageEngine.open(
                    fileSystem: files, mode: isWriter ? .readWrite(create: true) : .readOnly, options: options
                )
            } catch {
                guard case .locked(_, let holder) = error, !lives(holder), attempt < holderAttempts
                else { throw DatabaseError(error) }
                attempt += 1
                usleep(holderPauseMicroseconds)
            }
        }
    }

    /// The name that this process gives itself.
    static func holderName(_ identifier: Int32) -> String { holderPrefix + String(identifier) }

    /// Whether a process of this program has given itself a name, with words about its work behind it or without.
    static func isHolderName(_ holder: String) -> Bool {
        guard holder.hasPrefix(holderPrefix) else { return false }
        let words = holder.dropFirst(holderPrefix.count).split(
            separator: ",", omittingEmptySubsequences: false)
        return words.first.flatMap { pid_t($0) } != nil
    }

    private static func lives(_ holder: String) -> Bool {
        guard !holder.isEmpty else { return false }
        guard holder.hasPrefix(holderPrefix), let identifier = pid_t(holder.dropFirst(holderPrefix.count))
        else { return true }
        return kill(identifier, 0) == 0 || errno != ESRCH
    }
}
