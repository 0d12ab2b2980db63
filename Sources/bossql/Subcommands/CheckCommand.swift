import ArgumentParser
import BossDatabase
import BossQuery

/// `bossql check`
struct CheckCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql check",
        abstract: "Look for damage in a database.",
        usage: "bossql check DB [--quick | --full] [--format FORMAT]",
        discussion: """
            Reads every file of the database and compares every checksum. The database is not changed; another \
            process may write to it meanwhile. One that does not open is checked file by file. Each finding names the \
            file, the byte, and what can be done.

            EXAMPLES
              bossql check lab.bossdb
              bossql check --quick lab.bossdb
              bossql check lab.bossdb --format csv > findings.csv

            EXIT STATUS
              0 no damage (there may be warnings, by which nothing is lost), 3 damage, 1 something could not be \
            looked at: it may not be read, or a newer bossql wrote it; 2 bad usage, 130 ended by Ctrl-C.

            SEE ALSO
              CHECK [path] [QUICK | FULL]; in the shell checks single channels of an open database.
            """)

    @Argument(help: ArgumentHelp("The database folder.", valueName: "DB"))
    var database: String

    @Flag(name: .long, help: "Only what describes the data: manifest, indexes, log, catalog.")
    var quick = false

    @Flag(name: .long, help: "Also every page and every brick. This is the default.")
    var full = false

    @Option(
        name: .long,
        help: ArgumentHelp("How findings are written: text, table, csv, json, jsonl.", valueName: "FORMAT"))
    var format = FindingFormat.text

    mutating func validate() throws {
        if quick, full { throw ValidationError("--quick and --full exclude each other") }
    }

    func status() -> Int32 {
        let path = CommandRun.found(database)
        return CommandRun.status(of: path, left: "not everything was looked at") { run in
            let report = try run.controlled { (control) throws(DatabaseError) in
                try Database.check(path, isFull: !quick, control: control)
            }
            if let format = format.outputFormat {
                try RowWriter(options: FormatOptions(format: format)).write(Self.rows(report), to: run.output)
            } else {
                write(report, path, run)
            }
            return report.errorCount > 0 ? CommandRun.damaged : report.uncheckedCount > 0 ? 1 : 0
        }
    }

    // MARK: Text

    private func write(_ report: CheckReport, _ path: String, _ run: CommandRun) {
        for finding in report.findings { run.write(Self.text(finding)) }
        var parts = [CommandRun.count(report.segmentCount, "segment file")]
        parts.append(Quantities.bytes(Int(clamping: report.byteCount)))
        if let channels = report.channelCount { parts.append(CommandRun.count(channels, "channel")) }
        if let commit = report.commit { parts.append("newest commit \(commit)") }
        let depth = report.isFull ? "every page" : "indexes and catalog, not the pages"
        run.write("checked \(DisplayWidth.printable(path)) (\(depth)): \(parts.joined(separator: ", "))\n")
        let warnings = CommandRun.count(report.warningCount, "warning")
        let unchecked = report.uncheckedCount > 0 ? "\(report.uncheckedCount) not checked, " : ""
        guard report.errorCount > 0 else {
            if !unchecked.isEmpty {
                return run.write("NOT ALL OF IT COULD BE CHECKED: \(unchecked)\(warnings)\n")
            }
            return run.write(report.findings.isEmpty ? "no damage\n" : "no damage, \(warnings)\n")
        }
        run.write("DAMAGED: \(CommandRun.count(report.errorCount, "error")), \(unchecked)\(warnings)\n")
        run.write(
            "HINT: bossql restore BACKUP NEWDB brings a backup back; bossql salvage \(DisplayWidth.printable(path)) "
                + "NEWDB saves what is whole\n")
    }

    /// `ERROR: object: problem`, the place, and the remedy.
    static func text(_ finding: DatabaseFinding) -> String {
        var text =
            switch finding.severity {
            case .error: "ERROR: "
            case .unchecked: "NOT CHECKED: "
            case .warning: "WARNING: "
            }
        var object = finding.object
        if let file = finding.file, object.hasSuffix(", in \(file)") { object.removeLast(file.count + 5) }
        text += DisplayWidth.printable("\(object): \(finding.problem)") + "\n"
        if let file = finding.file, !object.hasSuffix(file) || finding.offset != nil {
            text += "  in \(DisplayWidth.printable(file))"
            text += finding.offset.map { ", byte \($0)\n" } ?? "\n"
        }
        return text + "  HINT: \(DisplayWidth.printable(finding.remedy))\n"
    }

    private static func rows(_ report: CheckReport) -> RowSet {
        let names = ["severity", "object", "problem", "remedy", "file"]
        return RowSet(
            columns: names.map { Column($0, .text) } + [Column("byte", .uint64)],
            rows: report.findings.map { finding in
                [
                    .text(finding.severity.rawValue), .text(finding.object),
                    .text(finding.problem), .text(finding.remedy),
                    finding.file.map { .text($0) } ?? .null, finding.offset.map { .unsigned($0) } ?? .null,
                ]
            })
    }
}

/// How findings are written.
enum FindingFormat: String, CaseIterable, ExpressibleByArgument {
    case text, table, csv, json, jsonl

    /// Nil for text.
    var outputFormat: OutputFormat? {
        switch self {
        case .text: nil
        case .table: .table
        case .csv: .csv
        case .json: .json
        case .jsonl: .jsonl
        }
    }
}
