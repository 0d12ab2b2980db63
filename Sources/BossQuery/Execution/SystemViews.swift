import BossDatabase

/// System views: what SHOW lists, as a row source of SELECT.
extension StatementExecutor {
    /// The rows of `sys.name`.
    ///
    /// - Throws: 42P01 for another schema or an unknown view, 0A000 for one that is not built.
    func systemRows(_ schema: Identifier, _ name: Identifier) throws(DatabaseError) -> RowSet {
        guard schema.folded == "sys" else {
            throw DatabaseError(
                "42P01", "there is no schema \(schema.text)", hint: "system views begin with sys.",
                position: schema.position.source)
        }
        switch name.folded {
        case "collections": return try collectionRows()
        case "experiments": return try experimentRows(nil)
        case "channels": return try channelRows(in: [])
        case "frames": return try frameRows()
        case "snapshots": return try allSnapshotRows()
        case "commits": return try commitRows()
        case "storage": return try storageRows()
        case "settings": return settingRows()
        case "keywords": return keywordRows()
        default: break
        }
        if Self.laterViews.contains(name.folded) {
            throw Self.notSupported("the system view sys.\(name.folded)", name.position)
        }
        let near = NearMiss.best(for: name.folded, among: Self.views + Self.laterViews)
        throw DatabaseError(
            "42P01", "there is no system view sys.\(name.text)",
            hint: near.map { "did you mean sys.\($0)?" } ?? "there are \(Self.views.joined(separator: ", "))",
            position: name.position.source)
    }

    private static let views = [
        "collections", "experiments", "channels", "frames", "snapshots", "commits", "storage", "settings",
        "keywords",
    ]

    /// What the language has and this version has not.
    private static let laterViews = [
        "levels", "points", "rois", "metadata", "users", "groups", "members", "grants", "tokens", "limits",
        "usage",
        "jobs", "tasks", "branches", "locks", "cache", "segments", "connections", "query_log", "functions",
    ]
}
