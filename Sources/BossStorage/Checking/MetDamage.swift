import Synchronization

/// Damage that the engine has met by itself, while nobody asked for a check, in the order in which it was met.
///
/// In memory only: what is still there after the next open is met again. A finding stays until its file is gone, or
/// was read again and found whole.
struct MetDamage: Sendable {
    /// Findings kept.
    private static let limit = 1000

    private(set) var findings: [CheckFinding] = []

    mutating func add(_ new: [CheckFinding]) {
        for finding in new where findings.count < Self.limit && !findings.contains(finding) {
            findings.append(finding)
        }
    }

    /// A file was read to its end.
    ///
    /// - Parameter found: all that is wrong with it.
    mutating func replace(in path: String, by found: [CheckFinding]) {
        findings.removeAll { $0.file == path && !found.contains($0) }
        add(found)
    }

    mutating func forget(_ paths: Set<String>) {
        findings.removeAll { $0.file.map(paths.contains) ?? false }
    }
}

extension StorageEngine {
    /// Damage that scrubbing and maintenance have met since the database was opened, oldest first, in files that are
    /// still in use.
    package var metDamage: [CheckFinding] { damage.withLock { $0.findings } }

    /// Keeps what has stopped maintenance, if it is a segment file that is there: what it was writing is not any more.
    func noteDamage(_ error: StorageError) {
        guard let path = error.troubledFile, path.hasSuffix(".seg"), (try? fileSystem.exists(path)) == true
        else {
            return
        }
        let run = scrubRun()
        run.file = path
        run.add(error, of: "segment file \(path)")
        damage.withLock { $0.add(run.findings) }
    }

    /// Files that are gone, or that were found whole.
    func forgetDamage(in paths: Set<String>) { damage.withLock { $0.forget(paths) } }
}
