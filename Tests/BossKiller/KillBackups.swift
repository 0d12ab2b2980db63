/// Backups that the writer made, or was making.
extension KillTrial {
    func verifyBackups(_ outcome: KillSession.Outcome) throws(KillFailure) {
        for backup in outcome.backups {
            _ = try verifyBackup(backup.folder, [backup.world])
            tally.backups += 1
            keep(backup.folder, backup.world)
        }
        guard let broken = outcome.brokenBackup else { return }
        tally.brokenBackups += 1
        keep(broken.folder, try verifyBackup(broken.folder, broken.worlds))
    }

    /// The next incremental backup goes there.
    private func keep(_ folder: String, _ world: KillWorld?) {
        if choice.lastBackup != folder, let old = choice.lastBackup { remove(old) }
        choice.lastBackup = folder
        backupWorld = world
    }

    /// - Parameter worlds: what it may hold; nil for what is no database yet.
    /// - Returns: the one that it holds.
    private func verifyBackup(_ folder: String, _ worlds: [KillWorld?]) throws(KillFailure) -> KillWorld? {
        let program = try RunningProgram(
            options.program, [folder, "--read-only", "--format", "jsonl"],
            errorsPath: options.folder + "/backup.errors")
        program.send(Inspection.marker + "\n")
        guard case .line = program.answer() else {
            if worlds.contains(where: { $0 == nil }), program.errors.contains("ERROR 3D000") { return nil }
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
