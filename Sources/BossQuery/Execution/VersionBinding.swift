import BossCatalog
import BossDatabase

/// Versions of paths: `@name`, `@#commit` and `@'time'` become the state that a statement reads.
extension StatementExecutor {
    /// What a statement reads, once its first path has said so.
    struct ReadState: Sendable {
        /// The version of that path; nil for what is committed now and what the open transaction wrote.
        let version: VersionReference.Kind?
        let view: DatabaseView
    }

    /// A channel to read. From here on the statement reads the state that the path's version names.
    ///
    /// The catalog has no versions: the channel is the one that has this path now, or has it in the open transaction.
    ///
    /// - Throws: 42P01, 42704 for an unknown snapshot or branch, 22007 for a time that cannot be read, 22V07 for a
    ///   state that is no longer kept, 0A000 for two states in one statement.
    mutating func source(_ path: PathSyntax) throws(DatabaseError) -> Channel {
        let channel = try channel(path.withoutVersion)
        let experiment = channel.path.split(separator: "/").dropLast().joined(separator: "/")
        let view = try path.version.map { (version) throws(DatabaseError) in
            try self.view(version, of: experiment)
        }
        let version = view == nil ? nil : path.version?.kind
        if let reading {
            let isSame =
                version == reading.version
                || (reading.version != nil && view.map { $0?.commit } == reading.view.commit)
            guard isSame else {
                throw Self.notSupported(
                    "reading two versions in one statement", (path.version?.position ?? path.position))
            }
        } else {
            let state = if let named = view, let named { named } else { try head() }
            reading = ReadState(version: version, view: state)
        }
        return channel
    }

    /// The state that a version names; nil for the newest one.
    ///
    /// - Parameter experiment: where snapshots are looked for; nil where a path names no experiment.
    func view(_ version: VersionReference, of experiment: String?) throws(DatabaseError) -> DatabaseView? {
        try locating(version.position) { () throws(DatabaseError) in
            switch version.kind {
            case .commit(let commit):
                try refuseLaterThanBegin(commit)
                return try versions().view(.commit(commit), of: experiment)
            case .time(let text):
                guard let microseconds = TimeText.microseconds(text) else {
                    throw DatabaseError(
                        "22007", "'\(text)' is not a time", hint: TimeText.hint)
                }
                return try versions().view(.time(microseconds: microseconds), of: experiment)
            case .name(let name): return try view(named: name, of: experiment)
            }
        }
    }

    /// Refuses a commit that the open transaction does not see, whether others have made it or nobody.
    ///
    /// - Throws: 22V07.
    private func refuseLaterThanBegin(_ commit: UInt64) throws(DatabaseError) {
        guard let base = state.transaction?.base ?? state.readOnly?.view, commit > base.commit else { return }
        throw DatabaseError(
            "22V07",
            "the transaction sees the state of its BEGIN, commit \(base.commit), and commit \(commit) is later",
            hint: "COMMIT or ROLLBACK ends the transaction; what others have committed meanwhile is seen then"
        )
    }

    /// Snapshots come before branches, of which there is only `main`.
    private func view(named name: String, of experiment: String?) throws(DatabaseError) -> DatabaseView? {
        guard let experiment else {
            throw DatabaseError(
                "42704", "there is no snapshot \(name) here", hint: "snapshots belong to an experiment")
        }
        let versions = try versions()
        let names = try versions.snapshots(of: experiment).map(\.name)
        if names.contains(name) { return try versions.view(.snapshot(name), of: experiment) }
        guard name != DatabaseVersion.newestName else { return nil }
        throw DatabaseError(
            "42704", "\(experiment) has no snapshot or branch \(name)",
            hint: Self.meant(name, among: names)
                ?? "SHOW SNAPSHOTS IN \(experiment) lists them; a time is written @'2026-03-01T12:00:00Z', "
                + "the newest state @\(DatabaseVersion.newestName)")
    }

    /// What was probably meant by a name that no snapshot has.
    private static func meant(_ name: String, among names: [String]) -> String? {
        if name.utf8.allSatisfy(\.isDigit) { return "a commit is written with #: @#\(name)" }
        if TimeText.microseconds(name) != nil { return "a time is written in quotes: @'\(name)'" }
        let known = names + [DatabaseVersion.newestName]
        let near =
            known.first { $0.lowercased() == name.lowercased() } ?? NearMiss.best(for: name, among: known)
        return near.map { "did you mean \($0)?" }
    }

    /// The versions that this statement may name: those of everything committed, in a transaction of what was
    /// committed when it began.
    func versions() throws(DatabaseError) -> VersionLookup {
        let base = if let transaction = state.transaction { transaction.base } else { try head() }
        return database.versions(in: base, catalog)
    }

    /// What a statement reads whose path names no version: the transaction's view, or everything committed.
    func head() throws(DatabaseError) -> DatabaseView {
        if let transaction = state.transaction { return transaction.view }
        if let pinned = state.readOnly { return pinned.view }
        return try database.view()
    }

    /// Refuses a version where only the newest state can be meant.
    ///
    /// - Throws: 42601.
    func refuseVersion(_ path: PathSyntax, hint: String? = nil) throws(DatabaseError) {
        guard let version = path.version, version.kind != .name(DatabaseVersion.newestName) else { return }
        let words = "@" + SyntaxPrinter.spelling(of: version)
        throw DatabaseError(
            "42601", "\(words) cannot stand here: only voxels are read by version",
            hint: hint
                ?? (isChange
                    ? "changes go to the newest state; RESTORE brings old voxels back"
                    : "leave it out; SELECT ... FROM channel\(words) reads the voxels of that version"),
            position: version.position.source)
    }
}

extension PathSyntax {
    /// The same path in its newest state.
    var withoutVersion: PathSyntax { PathSyntax(segments: segments, position: position) }
}
