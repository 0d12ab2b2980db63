import BossDatabase
import Glibc
import Synchronization

/// Draws a progress bar on the terminal behind standard error, from whichever thread reports.
final class ProgressDisplay: Sendable {
    private struct State {
        var bar: ProgressBar
        var isFinished = false
    }

    private let state: Mutex<State>

    /// nil when standard error is no terminal, or one that cannot redraw a line.
    init?(columns: Int) {
        guard isatty(STDERR_FILENO) == 1, let term = environmentVariable("TERM"), term != "dumb" else {
            return nil
        }
        state = Mutex(State(bar: ProgressBar(columns: columns, nowSeconds: monotonicSeconds())))
    }

    /// Draws if it is time to.
    func show(_ progress: Progress) {
        state.withLock { state in
            guard !state.isFinished else { return }
            // Written under the lock, so that nothing is drawn after `finish`; a line is short.
            if let line = state.bar.update(progress, nowSeconds: monotonicSeconds()) { Self.write(line) }
        }
    }

    /// Removes the bar.
    func finish() {
        state.withLock { state in
            state.isFinished = true
            if let line = state.bar.erase() { Self.write(line) }
        }
    }

    private static func write(_ text: String) {
        var text = text
        // Nothing depends on a bar being seen.
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
