import BossDatabase
import BossQuery
import BossVoxels
import Glibc

/// Runs scripts and what people type: statements in the session, dot commands here.
///
/// Only the broken pipe is thrown; every other error is reported and counted in `status`.
final class Shell {
    /// What a line asks of the loop around it.
    enum Flow: Hashable {
        case proceed
        /// An error, and `.bail on`.
        case stop
        case quit
    }

    /// The switches of dot commands.
    struct Settings {
        var showsTime = false
        var showsStatistics = false
        var explains = false
        var stopsAtError = true
        var echoes = false
    }

    static let maximumReadDepth = 16

    var session: ShellSession
    let isReadOnly: Bool
    let capabilities: TerminalCapabilities
    var settings = Settings()
    var format: FormatOptions
    var parameters: [Int: (literal: ParameterLiteral, value: Parameter)] = [:]
    var lastResult: StatementResult?
    /// A last volume of more bytes is let go before the next statement runs.
    private static let keptVolumeByteCount = 32 << 20
    var editor: LineEditor?

    let standardOutput = Output.standardOutput()
    let standardError = Output.standardError()
    /// `.output`
    var outputFile: Output?
    /// `.once`
    var onceFile: Output?
    var log: Output?

    /// 0, 1 after a failed statement, 3 after one that found the database damaged or locked, CHECK included.
    private(set) var status: Int32 = 0

    init(session: ShellSession, isReadOnly: Bool, format: OutputFormat, capabilities: TerminalCapabilities) {
        self.session = session
        self.isReadOnly = isReadOnly
        self.capabilities = capabilities
        self.format = FormatOptions(format: format, isUTF8: capabilities.isUTF8)
    }

    /// Where results go now.
    var target: Output { onceFile ?? outputFile ?? standardOutput }

    /// Whether results go to a terminal.
    var targetIsTerminal: Bool { target === standardOutput && capabilities.isTerminal }

    // MARK: Scripts

    /// Runs the lines of a script; the last statement needs no `;`.
    ///
    /// - Parameters:
    ///   - name: for error messages; nil says nothing.
    ///   - depth: how many scripts read this one.
    func run(_ lines: LineSource, name: String?, depth: Int = 0) throws(ShellError) -> Flow {
        var scanner = ScriptScanner()
        while let line = try lines.next() {
            if !scanner.isContinuing, line.hasPrefix(".") {
                scanner.skipLine()
                let place = name.map { "\($0), line \(lines.lineNumber)" }
                let flow = try runCommand(line, place: place, depth: depth)
                if flow != .proceed { return flow }
                continue
            }
            for statement in scanner.feed(line) {
                let flow = try run(statement, scriptName: name)
                if flow != .proceed { return flow }
            }
        }
        if let statement = scanner.finish() { return try run(statement, scriptName: name) }
        return .proceed
    }

    private func run(_ statement: ScannedStatement, scriptName: String?) throws(ShellError) -> Flow {
        let place = scriptName.map { "\($0), line \(statement.line)" }
        let succeeded = try execute(statement, place: place)
        // Ctrl-C ends a script even after `.bail off`.
        let wasInterrupted = Interruption.shared.takeInterrupt()
        return succeeded || (!settings.stopsAtError && !wasInterrupted) ? .proceed : .stop
    }

    /// Runs a line that starts with a dot.
    func runCommand(_ line: String, place: String?, depth: Int) throws(ShellError) -> Flow {
        do {
            return try perform(try DotCommand(parsing: line), depth: depth)
        } catch let error as DatabaseError {
            report(error, place: place)
        } catch let error as ShellError {
            if case .brokenPipe = error { throw error }
            report(error.databaseError, place: place)
        } catch {
            report(DatabaseError("XX000", "\(error)", cause: error), place: place)
        }
        return settings.stopsAtError && editor == nil ? .stop : .proceed
    }

    // MARK: Statements

    /// Runs one statement and writes its result. Returns whether it succeeded.
    func execute(_ statement: ScannedStatement, place: String?) throws(ShellError) -> Bool {
        if settings.echoes { try target.write(statement.text + "\n") }
        let display = ProgressDisplay(columns: capabilities.columns)
        let cancellation = Cancellation()
        var progress: (@Sendable (Progress) -> Void)?
        if let display { progress = { display.show($0) } }
        let control = OperationControl(cancellation: cancellation, progress: progress)
        let start = monotonicSeconds()
        do {
            if settings.explains, !statement.text.uppercased().hasPrefix("EXPLAIN") {
                let plan = try session.rows("EXPLAIN " + statement.text)
                try RowWriter(options: ResultWriter(shell: self).rowOptions).write(plan, to: target)
            }
            // The volume before makes room for the next one, so that two large ones never stand in memory.
            if (lastResult?.volumeByteCount ?? 0) > Self.keptVolumeByteCount { lastResult = nil }
            let arguments = boundParameters(statement.highestParameter)
            let result = try Interruption.shared.cancelling(cancellation) {
                try session.run(statement.text, parameters: arguments, control: control)
            }
            display?.finish()
            let milliseconds = (monotonicSeconds() - start) * 1000
            try ResultWriter(shell: self).write(result, milliseconds: milliseconds)
            switch result.check {
            case .damaged: status = max(status, CommandRun.damaged)
            case .incomplete: status = max(status, 1)
            case .clean, .sound, nil: break
            }
            writeLog(statement.text, outcome: "done in \(Quantities.time(milliseconds: milliseconds))")
            return true
        } catch {
            display?.finish()
            let failure: DatabaseError
            switch error {
            case let error as DatabaseError: failure = error
            case ShellError.brokenPipe: throw .brokenPipe
            case let error as ShellError: failure = error.databaseError
            default: failure = DatabaseError("XX000", "\(error)", cause: error)
            }
            report(failure, statement: statement.text, place: place)
            writeLog(statement.text, outcome: "ERROR \(failure.sqlState): \(failure.message)")
            return false
        }
    }

    /// The values of $1 to $n; those that were not set are NULL. What a statement does not use stays out.
    private func boundParameters(_ highest: Int) -> [Parameter] {
        let count = min(highest, parameters.keys.max() ?? 0)
        return count == 0 ? [] : (1...count).map { parameters[$0]?.value ?? .null }
    }

    private func writeLog(_ statement: String, outcome: String) {
        guard let log else { return }
        var now = timeval()
        gettimeofday(&now, nil)
        let time = CellText.timestamp(Int64(now.tv_sec) * 1_000_000)
        // A full disk must not stop the work; the log says so by ending.
        do {
            try log.write("\(statement)\n-- \(time) \(DisplayWidth.printable(outcome))\n")
            try log.flush()
        } catch {
            self.log = nil
            report(error.databaseError, place: nil)
        }
    }

    // MARK: Errors

    /// Writes an error to standard error and remembers that there was one.
    func report(_ error: DatabaseError, statement: String? = nil, place: String?) {
        status = max(status, Self.status(for: error))
        // What was written before the error stands before it.
        try? standardOutput.flush()
        let usesColor = capabilities.colors != .none && standardError.isTerminal
        note(ErrorReport.text(error, statement: statement, place: place, usesColor: usesColor))
    }

    /// Gives the database up, and says so when an open transaction goes with it.
    func close() throws(DatabaseError) {
        if session.holdsUncommittedWork {
            note(
                ErrorReport.warning(
                    sqlState: "01000",
                    message: "the transaction that was still open was rolled back, nothing of it is stored")
                    + "HINT: COMMIT keeps the changes of a transaction\n")
        }
        try session.close()
    }

    /// Writes a line to standard error; there is nowhere to report that it cannot be written.
    func note(_ text: String) {
        try? standardError.write(text)
        try? standardError.flush()
    }

    /// The exit status that an error asks for.
    static func status(for error: DatabaseError) -> Int32 {
        error.sqlState == "XX001" || error.sqlState == "55006" ? 3 : 1
    }
}

extension StatementResult {
    /// Bytes of the voxels it holds.
    fileprivate var volumeByteCount: Int {
        switch value {
        case .volume(let result): result.volume.byteCount
        case .encoded(let result): result.volume?.volume.byteCount ?? 0
        case .rows, .tag: 0
        }
    }
}
