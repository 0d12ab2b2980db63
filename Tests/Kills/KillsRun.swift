import BossKiller
import Foundation
import Glibc

/// The run that the command line asks for.
enum KillsRun {
    private static let usage =
        "usage: bossql-kills [--kills N] [--races N] [--seed S] [--program PATH] [--folder PATH]"

    /// Written by a signal handler, read between two kills; it lives as long as the process, which is the proof
    /// behind `nonisolated(unsafe)`.
    nonisolated(unsafe) private static let interrupted: UnsafeMutablePointer<sig_atomic_t> = {
        let flag = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
        flag.initialize(to: 0)
        return flag
    }()

    /// - Returns: the exit status.
    static func run(_ arguments: ArraySlice<String>) -> Int32 {
        do {
            return try run(options(arguments))
        } catch let error as UsageError {
            print("\(error.text)\n\(usage)")
        } catch {
            print(error)
        }
        return 2
    }

    private struct UsageError: Error {
        let text: String
    }

    private static func options(_ arguments: ArraySlice<String>) throws -> KillOptions {
        // The program lies in the same build folder.
        let here = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let temporary = FileManager.default.temporaryDirectory.path
        var options = KillOptions(
            program: here.path + "/bossql",
            folder: "\(temporary)/bossql-kills-\(ProcessInfo.processInfo.processIdentifier)")
        options.kills = 1000
        options.races = 200
        var words = arguments
        while let name = words.popFirst() {
            guard let text = words.popFirst() else { throw UsageError(text: "\(name) needs a value") }
            switch (name, Int(text)) {
            case ("--kills", let number?) where number >= 0: options.kills = number
            case ("--races", let number?) where number >= 0: options.races = number
            case ("--seed", let number?) where number >= 0: options.seed = UInt64(number)
            case ("--program", _): options.program = text
            case ("--folder", _): options.folder = text
            default: throw UsageError(text: "\(name) \(text)?")
            }
        }
        guard access(options.program, X_OK) == 0 else {
            throw UsageError(text: "\(options.program) is not built")
        }
        return options
    }

    private static func run(_ options: KillOptions) throws -> Int32 {
        _ = interrupted
        signal(SIGINT) { _ in KillsRun.interrupted.pointee = 1 }
        try FileManager.default.createDirectory(atPath: options.folder, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        var nextLine = 10.0
        let trial = try KillTrial(options)
        var failure: (any Error)?
        do {
            try trial.run(
                progress: { report in
                    let seconds = start.duration(to: .now) / .seconds(1)
                    guard seconds >= nextLine else { return }
                    nextLine = seconds + 10
                    print("\(Int(seconds)) s: \(report.shortText)")
                    fflush(nil)
                }, isInterrupted: { interrupted.pointee != 0 })
        } catch { failure = error }
        print("\(Int(start.duration(to: .now) / .seconds(1))) s, seed \(options.seed): \(trial.report.text)")
        guard let failure else {
            print("  lost 0, torn 0, failed opens 0")
            try FileManager.default.removeItem(atPath: options.folder)
            return 0
        }
        print(
            """
            FAILED: \(failure)
            The statements and their answers: \(options.folder)/receipts.log
            The database as the last kill left it: \(options.program) \(options.folder)/killed.bossdb --read-only
            The same statements, at other moments: bossql-kills --seed \(options.seed) --kills \(options.kills)
            """)
        return 1
    }
}
