import BossDatabase
import CReadline
import Glibc
import Synchronization

/// Turns Ctrl-C into a cancelled statement, and a second one within two seconds into the end.
///
/// Signals arrive on a thread of their own (CReadline), so everything here is behind one lock.
final class Interruption: Sendable {
    private struct State {
        var cancellation: Cancellation?
        var lastInterrupt: Double?
        var isInteractive = false
        var temporaryFolder: String?
        var wasInterrupted = false
    }

    static let shared = Interruption()
    private static let secondsBetween = 2.0

    private let state = Mutex(State())

    /// Installs the handlers. Call once.
    func install() {
        _ = boss_signals_install { Interruption.shared.received($0) }
    }

    /// At a prompt Ctrl-C never ends the program.
    func setInteractive(_ isInteractive: Bool) { state.withLock { $0.isInteractive = isInteractive } }

    /// Removed before the process ends by a signal.
    func setTemporaryFolder(_ path: String?) { state.withLock { $0.temporaryFolder = path } }

    /// Whether a statement was interrupted since the last call.
    func takeInterrupt() -> Bool {
        state.withLock { state in
            defer { state.wasInterrupted = false }
            return state.wasInterrupted
        }
    }

    /// Runs a statement that Ctrl-C cancels.
    func cancelling<R>(_ cancellation: Cancellation, _ body: () throws -> R) rethrows -> R {
        state.withLock { state in
            state.cancellation = cancellation
            state.lastInterrupt = nil
            state.wasInterrupted = false
        }
        defer { state.withLock { $0.cancellation = nil } }
        return try body()
    }

    private enum Action {
        case nothing
        case hint
        case end(temporaryFolder: String?)
    }

    private func received(_ number: Int32) {
        let action = state.withLock { state -> Action in
            guard number == SIGINT else { return .end(temporaryFolder: state.temporaryFolder) }
            let now = monotonicSeconds()
            guard let cancellation = state.cancellation else {
                return state.isInteractive ? .nothing : .end(temporaryFolder: state.temporaryFolder)
            }
            if let last = state.lastInterrupt, now - last <= Self.secondsBetween {
                return .end(temporaryFolder: state.temporaryFolder)
            }
            state.lastInterrupt = now
            state.wasInterrupted = true
            cancellation.cancel()
            return .hint
        }
        switch action {
        case .nothing: break
        case .hint:
            // The main thread may be stuck: this line is written from here, at once.
            if isatty(STDERR_FILENO) == 1 { writeNow("\r\u{1B}[Kcancelling; Ctrl-C again to quit\n") }
        case .end(let temporaryFolder):
            if let temporaryFolder { TemporaryFolder.remove(temporaryFolder) }
            if isatty(STDERR_FILENO) == 1 { writeNow("\r\u{1B}[K") }
            boss_signals_exit(128 + number)
        }
    }

    private func writeNow(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Seconds of a clock that never jumps.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
