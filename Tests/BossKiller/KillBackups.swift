import BossTestSupport

/// Backups that the writer made, or was making.
extension KillTrial {
    /// Opens each of them; the next incremental backup goes into the last one, the others are removed.
    func verifyBackups(_ outcome: KillSession.Outcome) throws(KillFailure) {
        var folders = choice.lastBackup.map { [$0] } ?? []
        for backup in outcome.backups {
            backupWorld = try verifyBackup(backup.folder, [backup.world])
            tally.backups += 1
            folders.append(backup.folder)
        }
        if let broken = outcome.brokenBackup {
            backupWorld = try verifyBackup(broken.folder, broken.worlds)
            tally.brokenBackups += 1
            folders.append(broken.folder)
        }
        choice.lastBackup = folders.last
        for folder in Set(folders.dropLast()) where folder != folders.last { remove(folder) }
    }

    /// - Parameter worlds: what it may hold; nil for what is no database yet.
    /// - Returns: the one that it holds.
    private func verifyBackup(_ folder: String, _ worlds: [KillWorld?]) throws(KillFailure) -> KillWorld? {
        let program = try RunningProgram(
            options.program, [folder, "--read-only", "--format", "jsonl"],
            errorsPath: options.folder + "/backup.errors")
        program.send(Inspection.marker + "\n")
        guard case .line = program.answer() else {
            // A first backup that was cut off is no database, and says so.
            let says = ["ERROR 3D000", "cut off"].contains { program.errors.contains($0) }
            if worlds.contains(where: { $0 == nil }), says {
                return nil
            }
            throw KillFailure("failed open of the backup \(folder): \(program.errors)")
        }
        let known = worlds.compactMap { $0 }
        let found = try Inspection(
            program, .everything, check: "CHECK FULL;", folder: options.folder,
            downsampled: Self.downsampled(known))
        let index = try index(of: found, in: known, "the backup \(folder) has")
        try judge(found, "the backup \(folder)")
        guard program.quit() == 0 else { throw KillFailure("the backup \(folder): \(program.errors)") }
        return known[index]
    }
}
