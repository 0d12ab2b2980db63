import ArgumentParser
import BossDatabase

/// `bossql backup`
struct BackupCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql backup",
        abstract: "Copy a database into a folder, also while another process writes to it.",
        usage: "bossql backup DB TARGET",
        discussion: """
            TARGET is a folder that does not exist or is empty, or one that holds an earlier backup of the same \
            database: then only what is missing is copied. The copy holds one moment, with snapshots and history. It \
            is a database that opens by itself; open it with --read-only, since what was written to it is no backup \
            any more. Every page that is copied is read back and verified. A target of anything else is never \
            overwritten; after an error or Ctrl-C it is as it was.

            EXAMPLES
              bossql backup lab.bossdb /backup/lab.bossdb
              bossql backup lab.bossdb /backup/lab.bossdb     (again: what is new)
              bossql check /backup/lab.bossdb

            EXIT STATUS
              0 done, 1 it could not be made, 2 bad usage, 3 the database or the backup in TARGET is damaged, \
            as the message says, or the target is in use by another backup, 130 ended by Ctrl-C.

            SEE ALSO
              BACKUP TO 'folder' [INCREMENTAL]; in the shell. bossql restore.
            """)

    @Argument(help: ArgumentHelp("The database folder.", valueName: "DB"))
    var database: String

    @Argument(help: ArgumentHelp("The folder of the backup.", valueName: "TARGET"))
    var target: String

    func status() -> Int32 {
        let (source, target) = (CommandRun.found(database), CommandRun.new(target))
        let isIncremental = FileCompletion.exists(target + "/MANIFEST")
        let left = isIncremental ? "the backup that was there is as it was" : "nothing of it is left"
        return CommandRun.status(of: source, to: target, left: left) { run in
            let report = try run.controlled { (control) throws(DatabaseError) in
                try Database.backUp(source, to: target, isIncremental: isIncremental, control: control)
            }
            let kind = isIncremental && report.keptFileCount > 0 ? "brought the backup" : "backed up"
            let words = isIncremental && report.keptFileCount > 0 ? "up to date with" : "to"
            let (from, to) = (DisplayWidth.printable(source), DisplayWidth.printable(target))
            run.write(
                kind == "backed up" ? "\(kind) \(from) \(words) \(to)" : "\(kind) \(to) \(words) \(from)")
            run.write(": " + Self.summary(report) + "\n")
            return 0
        }
    }

    /// `commit 41, copied 3 files (1.2 MiB), kept 12, 4.0 GiB in all`
    static func summary(_ report: BackupReport) -> String {
        var text = "commit \(report.commit), copied \(CommandRun.count(report.copiedFileCount, "file"))"
        text += " (\(Quantities.bytes(Int(clamping: report.copiedByteCount))))"
        guard report.keptFileCount > 0 else { return text }
        return text
            + ", kept \(report.keptFileCount), \(Quantities.bytes(Int(clamping: report.byteCount))) in all"
    }
}

/// `bossql restore`
struct RestoreCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql restore",
        abstract: "Bring a backup back as a new database.",
        usage: "bossql restore BACKUP NEWDB",
        discussion: """
            NEWDB is a folder that does not exist or is empty; a database is never overwritten. Every page is verified \
            on the way. The backup is not changed, and may be on a medium that cannot be written. What a restoration \
            that was cut off has left does not open, and is cleaned away when it is begun again.

            EXAMPLES
              bossql restore /backup/lab.bossdb lab-restored.bossdb
              bossql check lab-restored.bossdb

            EXIT STATUS
              0 done, 1 it could not be made, 2 bad usage, 3 the backup is damaged, 130 ended by Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("The folder of the backup.", valueName: "BACKUP"))
    var backup: String

    @Argument(help: ArgumentHelp("The folder of the new database.", valueName: "NEWDB"))
    var database: String

    func status() -> Int32 {
        let (source, target) = (CommandRun.found(backup), CommandRun.new(database))
        return CommandRun.status(of: source, to: target) { run in
            let report = try run.controlled { (control) throws(DatabaseError) in
                try Database.restoreBackup(source, to: target, control: control)
            }
            let (from, to) = (DisplayWidth.printable(source), DisplayWidth.printable(target))
            run.write("restored \(from) to \(to): \(BackupCommand.summary(report))\n")
            return 0
        }
    }
}
