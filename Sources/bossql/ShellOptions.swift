import ArgumentParser

/// The arguments of `bossql` without a subcommand.
struct ShellOptions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql",
        abstract: "An embedded database for volumetric images and their labels.",
        usage: """
            bossql [DB] [-c STATEMENT]... [-f FILE]... [--format FORMAT] [--read-only]
            bossql check DB [--quick | --full]
            bossql backup DB TARGET
            bossql restore BACKUP NEWDB
            bossql salvage DAMAGED NEWDB [--losses FILE]
            bossql help [SUBCOMMAND] | version
            """,
        discussion: """
            Opens the database folder DB, which is created if it does not exist, and runs statements: \
            those of -c, then those of the files, else those of standard input. At a terminal it shows \
            a prompt; .help there lists its commands. Without DB a temporary database is used and \
            removed at exit.

            EXAMPLES
              bossql lab.bossdb
              bossql lab.bossdb -c 'SHOW COLLECTIONS' --format csv
              bossql lab.bossdb -f setup.bql -c '.tree'
              bossql lab.bossdb -c 'SELECT CUTOUT FROM lab/mri/t1 Z 0:16' --format npy > block.npy

            SUBCOMMANDS
              check     look for damage, also in a database that does not open
              backup    copy a database, also while another process writes to it
              restore   bring a backup back as a new database
              salvage   save what is whole in a damaged database into a new one
              help      bossql help check, or bossql check --help
              A database of such a name is written ./check. upgrade, token and serve are not built yet.

            FORMATS
              table, line, markdown for people; csv, json, jsonl for programs (UINT64 is a string in \
            JSON); npy writes volumes as NumPy files.

            EXIT STATUS
              0 success, 1 a statement failed or the output could not be written, 2 bad usage, 3 the database is \
            locked or damaged, also when only CHECK says so; 130 a subcommand was ended by Ctrl-C.

            ENVIRONMENT
              BOSSQL_HISTORY  history file, ~/.bossql_history by default; empty for none
              NO_COLOR        no colours
              TMPDIR          where temporary databases are made
            """,
        version: "bossql \(ProgramVersion.current)")

    @Argument(help: ArgumentHelp("The database folder.", valueName: "DB"))
    var database: String?

    @Option(
        name: [.customShort("c"), .customLong("command")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Run statements or dot commands, then leave. May be repeated.", valueName: "STATEMENT"))
    var statements: [String] = []

    @Option(
        name: [.customShort("f"), .customLong("file")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Run the statements of a file, - for standard input. May be repeated.", valueName: "FILE"))
    var files: [String] = []

    @Option(name: .long, help: ArgumentHelp("How results are written.", valueName: "FORMAT"))
    var format: CommandLineFormat = .table

    @Flag(name: .long, help: "Refuse to write or to create anything.")
    var readOnly = false

    /// The options in arguments without the program's name; `--help` and `--version` are thrown, too.
    static func reading(_ arguments: [String]) throws -> ShellOptions { try parse(arguments) }
}

/// The formats that make sense for a whole run.
enum CommandLineFormat: String, CaseIterable, ExpressibleByArgument {
    case table, csv, json, jsonl, line, markdown, npy

    var outputFormat: OutputFormat {
        switch self {
        case .table: .table
        case .csv: .csv
        case .json: .json
        case .jsonl: .jsonl
        case .line: .line
        case .markdown: .markdown
        case .npy: .npy
        }
    }
}

/// The version that `--version` and the greeting name.
enum ProgramVersion {
    static let current = "0.1.0"
}
