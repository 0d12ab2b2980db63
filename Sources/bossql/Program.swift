import ArgumentParser
import BossDatabase
import Glibc

/// The program `bossql`.
@main
enum Program {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        Interruption.shared.install()
        if let subcommand = arguments.first.flatMap(Subcommand.init(rawValue:)) {
            exit(subcommand.run(Array(arguments.dropFirst())))
        }
        exit(runShell(arguments))
    }

    private static func runShell(_ arguments: [String]) -> Int32 {
        do {
            return ShellRun(options: try ShellOptions.reading(arguments)).run()
        } catch {
            // `--help` and `--version` arrive as errors with exit status 0.
            let message = ShellOptions.fullMessage(for: error) + "\n"
            if ShellOptions.exitCode(for: error) == .success {
                return CommandRun.say(message)
            }
            // A second word that nothing takes: the first one may be a subcommand.
            let near = arguments.count > 1 ? arguments.first.flatMap(Subcommand.near) : nil
            CommandRun.complain(message + (near.map { "HINT: did you mean bossql \($0)?\n" } ?? ""))
            return 2
        }
    }
}

/// One run of the shell: opens the database, runs what was asked for, closes it.
struct ShellRun {
    let options: ShellOptions

    /// Returns the exit status.
    func run() -> Int32 {
        var temporaryFolder: String?
        defer {
            if let temporaryFolder { TemporaryFolder.remove(temporaryFolder) }
        }
        let session: ShellSession
        do {
            let path: String
            if let name = options.database {
                path = name
            } else {
                let folder = try TemporaryFolder.create()
                temporaryFolder = folder
                Interruption.shared.setTemporaryFolder(folder)
                path = folder + "/temporary.bossdb"
            }
            session = try ShellSession(path: path, isReadOnly: options.readOnly && options.database != nil)
        } catch let error as DatabaseError {
            return refuse(error)
        } catch let error as ShellError {
            return refuse(error.databaseError)
        } catch {
            return refuse(DatabaseError("XX000", "\(error)", cause: error))
        }
        let shell = Shell(
            session: session, isReadOnly: options.readOnly, format: options.format.outputFormat,
            capabilities: .current())
        return run(shell)
    }

    private func run(_ shell: Shell) -> Int32 {
        var status: Int32 = 0
        do throws(ShellError) {
            let isInteractive = try runInput(shell)
            try shell.outputFile?.flush()
            try shell.standardOutput.flush()
            status = isInteractive ? 0 : shell.status
        } catch .brokenPipe {
            // `| head` has what it wanted.
            status = 0
        } catch {
            status = refuse(error.databaseError)
        }
        do { try shell.close() } catch { status = max(status, refuse(error)) }
        return status
    }

    /// Returns whether someone typed at a prompt.
    private func runInput(_ shell: Shell) throws(ShellError) -> Bool {
        for text in options.statements {
            guard try shell.run(LineSource(text: text), name: nil) == .proceed else { return false }
        }
        for path in options.files {
            guard try shell.run(LineSource.file(path), name: path) == .proceed else { return false }
        }
        guard options.statements.isEmpty, options.files.isEmpty else { return false }
        if isatty(STDIN_FILENO) == 1 {
            try InteractiveShell(shell: shell, isComplete: Vocabulary.isComplete)
                .run(isTemporary: options.database == nil)
            return true
        }
        _ = try shell.run(LineSource.standardInput(), name: "standard input")
        return false
    }

    private func refuse(_ error: DatabaseError) -> Int32 {
        let output = Output.standardError()
        // There is nowhere else to say it.
        try? output.write(ErrorReport.text(error, statement: nil))
        try? output.flush()
        return Shell.status(for: error)
    }
}
