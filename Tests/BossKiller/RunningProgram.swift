import BossTestSupport
import Foundation
import Glibc

/// The program `bossql` as a process of its own, with which one talks through pipes.
///
/// It stands in a process group of its own, so that Ctrl-C reaches only the one who kills. An object belongs to one
/// thread.
final class RunningProgram {
    private let conversation: Conversation

    /// Starts a program.
    ///
    /// - Parameter errorsPath: a file that takes its standard error.
    init(_ executable: String, _ arguments: [String], errorsPath: String) throws(KillFailure) {
        do {
            conversation = try Conversation(executable, arguments, errorsPath: errorsPath, hasOwnGroup: true)
        } catch { throw KillFailure("\(executable) does not start: \(error)") }
    }

    var identifier: pid_t { conversation.child.identifier }

    /// What stands on standard error so far.
    var errors: String { conversation.errors }

    /// Sends text; what a dead child does not read is lost.
    func send(_ text: String) { conversation.send(text) }

    /// The next line of its output.
    func answer(seconds: Double = 60) -> Conversation.Answer { conversation.answer(seconds: seconds) }

    /// The next line, which must come.
    func line(seconds: Double = 60) throws(KillFailure) -> String {
        switch answer(seconds: seconds) {
        case .line(let line): return line
        case .end: throw KillFailure("the program ended with \(wait().map(String.init) ?? "-"): \(errors)")
        case .silence: throw KillFailure("the program said nothing for \(seconds) s: \(errors)")
        }
    }

    /// Ends it with SIGKILL.
    ///
    /// - Returns: its status, as `wait` says it.
    @discardableResult
    func kill() -> Int32? { conversation.child.kill() }

    /// Ends its input and waits for it to leave.
    func quit() -> Int32? { conversation.quit() }

    /// Waits for the end, at most a minute.
    ///
    /// - Returns: the exit status, 128 and the signal's number for a process that a signal ended, nil when it takes
    ///   longer; it is then killed.
    func wait() -> Int32? { conversation.child.wait(seconds: 60) }
}

/// A promise that was broken, or a thing that cannot be tried.
package struct KillFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
