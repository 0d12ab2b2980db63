import ArgumentParser
import BossDatabase

/// The words that stand in place of a database: `bossql check lab.bossdb`.
///
/// A database of such a name is written with its folder, `./check`.
enum Subcommand: String, CaseIterable {
    case check, backup, restore, salvage, version, help
    case upgrade, token, serve

    private var command: (any RunnableCommand.Type)? {
        switch self {
        case .check: CheckCommand.self
        case .backup: BackupCommand.self
        case .restore: RestoreCommand.self
        case .salvage: SalvageCommand.self
        case .version, .help, .upgrade, .token, .serve: nil
        }
    }

    /// Runs the subcommand with the words behind it.
    ///
    /// - Returns: the exit status.
    func run(_ arguments: [String]) -> Int32 {
        switch self {
        case .version:
            return CommandRun.say("bossql \(ProgramVersion.current)\n")
        case .help: return help(arguments)
        case .upgrade, .token, .serve:
            return CommandRun.refuse(
                DatabaseError(
                    "0A000", "the subcommand \(rawValue) is not built into this version of bossql",
                    hint: "bossql --help lists what is"))
        case .check, .backup, .restore, .salvage:
            guard let command else { return 1 }
            return run(command, arguments)
        }
    }

    private func run(_ command: any RunnableCommand.Type, _ arguments: [String]) -> Int32 {
        do {
            return try command.parse(arguments).status()
        } catch {
            // `--help` arrives as an error with exit status 0.
            if command.exitCode(for: error) == .success {
                return CommandRun.say(command.fullMessage(for: error) + "\n")
            }
            // The whole help would hide what is wrong.
            CommandRun.complain(
                "Error: \(command.message(for: error))\n\(command.usageString())\n"
                    + "  See 'bossql \(self.rawValue) --help' for more information.\n")
            return 2
        }
    }

    /// A subcommand that a first word may have been meant to be.
    static func near(_ word: String) -> String? {
        NearMiss.best(for: word, among: allCases.filter { $0.command != nil }.map(\.rawValue))
    }

    private func help(_ arguments: [String]) -> Int32 {
        let named = arguments.first.flatMap(Subcommand.init(rawValue:))
        if let word = arguments.first, named?.command == nil {
            let words = Self.allCases.filter { $0.command != nil }.map(\.rawValue)
            let suggestion = Self.near(word).map { "did you mean bossql help \($0)?" }
            return CommandRun.refuse(
                DatabaseError(
                    "42601", "there is no help for \(word)",
                    hint: suggestion ?? "bossql help takes one of: \(words.joined(separator: ", "))"))
        }
        return CommandRun.say((named?.command?.helpMessage() ?? ShellOptions.helpMessage()) + "\n")
    }
}

/// A subcommand whose run has an exit status.
protocol RunnableCommand: ParsableCommand {
    /// Does what was asked for. Errors are reported in here.
    func status() -> Int32
}
