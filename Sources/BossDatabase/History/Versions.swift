import BossCatalog
import BossStorage

/// Which state of the database is meant.
public enum DatabaseVersion: Hashable, Sendable {
    /// What is committed now.
    case newest
    /// The state after a commit.
    case commit(UInt64)
    /// The state that a snapshot of the experiment keeps.
    case snapshot(String)
    /// The state after the last commit not later than a time, microseconds since 1970 UTC.
    case time(microseconds: Int64)

    /// What the newest state is called where a snapshot's name may stand; no snapshot has this name.
    package static let newestName = "main"
}

/// A name for a commit of an experiment.
public struct Snapshot: Hashable, Sendable {
    /// The name, unique in the experiment.
    public let name: String
    /// The newest commit that it shows.
    public let commit: UInt64
    /// When it was made, microseconds since 1970 UTC.
    public let createdAtMicroseconds: Int64
    /// What its maker says about it.
    public let message: String

    init(_ snapshot: NamedSnapshot) {
        name = snapshot.name
        commit = snapshot.sequence
        createdAtMicroseconds = snapshot.microseconds
        message = snapshot.message
    }
}

/// Snapshots and older states.
extension Database {
    /// A consistent state to read from.
    ///
    /// - Parameter experiment: `collection/experiment`, where snapshots are looked for.
    /// - Throws: 22V07 for a commit that is older than the kept history, or not made yet; 42704 for an unknown
    ///   snapshot.
    public func view(_ version: DatabaseVersion, of experiment: String? = nil) throws(DatabaseError)
        -> DatabaseView
    {
        try versions(in: view(), catalog).view(version, of: experiment)
    }

    /// Gives a commit a name: the state of all channels of an experiment stays readable until the snapshot is
    /// dropped. Instant, and takes no space until newer writes replace what it keeps.
    ///
    /// - Parameters:
    ///   - path: `collection/experiment`.
    ///   - version: the state, the newest by default.
    /// - Throws: 42710 when the name is taken, 42602 for a name that is not allowed, 22V07, 42P01.
    @discardableResult
    public func createSnapshot(
        _ name: String, of path: String, message: String = "", at version: DatabaseVersion = .newest
    ) throws(DatabaseError) -> Snapshot {
        guard ValueRules.isName(name) else {
            throw DatabaseError(
                "42602", "\"\(name)\" is not a name for a snapshot",
                hint: "names have 1 to 255 letters, digits, _ and -")
        }
        guard name.lowercased() != DatabaseVersion.newestName else {
            throw DatabaseError(
                "42602",
                "\(name) is not a name for a snapshot: @\(DatabaseVersion.newestName) is the newest state",
                hint: "choose another name")
        }
        let scope = try snapshotScope(path)
        let commit: UInt64? = version == .newest ? nil : try view(version, of: path).commit
        return Snapshot(
            try mappingErrors { () throws(StorageError) in
                try engine.createSnapshot(name, scope: scope, message: message, at: commit)
            })
    }

    /// Forgets a snapshot; compaction then takes the space of what only it kept.
    ///
    /// - Throws: 42704 when there is none, 42P01.
    public func dropSnapshot(_ name: String, of path: String) throws(DatabaseError) {
        let scope = try snapshotScope(path)
        try mappingErrors { () throws(StorageError) in try engine.dropSnapshot(name, scope: scope) }
    }

    /// The snapshots of an experiment, oldest commit first.
    public func snapshots(of path: String) throws(DatabaseError) -> [Snapshot] {
        try versions(in: view(), catalog).snapshots(of: path)
    }

    private func snapshotScope(_ path: String) throws(DatabaseError) -> UInt64 {
        try versions(in: view(), catalog).scope(of: path)
    }

    // MARK: History

    /// How long older versions of voxels are kept, in microseconds. When the database would take more than 1.5 times
    /// its live bytes and 2 GiB, older versions go earlier; snapshots never do.
    public var historyRetentionMicroseconds: Int64 { engine.history.retention }

    /// Sets how long older versions are kept; 0 keeps none.
    public func setHistoryRetention(microseconds: Int64) throws(DatabaseError) {
        try mappingErrors { () throws(StorageError) in try engine.setRetention(microseconds: microseconds) }
    }

    /// The oldest commit that can be read without a snapshot.
    public var oldestReadableCommit: UInt64 { engine.history.oldest }

    /// What the history says about commits, newest first.
    ///
    /// - Parameters:
    ///   - channel: only commits that changed this channel.
    ///   - limit: entries at most.
    public func history(
        of channel: Channel? = nil, view: DatabaseView? = nil, limit: Int = .max
    ) throws(DatabaseError) -> [HistoryEntry] {
        let pinned = if let view { view } else { try self.view() }
        guard pinned.commit > 0 else { return [] }
        return try mappingErrors { () throws(StorageError) in
            var entries: [HistoryEntry] = []
            for commit in try engine.notedCommits(1...pinned.commit, in: pinned.view).reversed() {
                guard entries.count < limit else { break }
                guard let note = try engine.note(of: commit, in: pinned.view) else { continue }
                if let channel, !note.channels.contains(channel.layout.channel) { continue }
                entries.append(HistoryEntry(commit: commit, note: note))
            }
            return entries
        }
    }
}

extension Database {
    /// When a commit was made, microseconds since 1970 UTC; nil where the history has no note of it.
    package func time(ofCommit commit: UInt64, view: DatabaseView) throws(DatabaseError) -> Int64? {
        try mappingErrors { () throws(StorageError) in
            try engine.note(of: commit, in: view.view)?.microseconds
        }
    }
}

/// One commit in the history.
public struct HistoryEntry: Hashable, Sendable {
    /// Its number.
    public let commit: UInt64
    /// When it was made, microseconds since 1970 UTC.
    public let microseconds: Int64
    /// Who made it; empty in a database without users.
    public let user: String
    /// What was done, in words of the query language.
    public let action: String
    /// What the user says about it.
    public let message: String
    /// Voxels whose value is another one since, where that was counted.
    public let changedVoxelCount: UInt64
    /// Numbers of the channels that it changed.
    public let channels: [UInt32]

    init(commit: UInt64, note: CommitNote) {
        self.commit = commit
        microseconds = note.microseconds
        user = note.user
        action = note.action
        message = note.message
        changedVoxelCount = note.changedVoxelCount
        channels = note.channels
    }
}
