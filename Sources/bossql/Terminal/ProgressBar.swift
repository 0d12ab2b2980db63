import BossDatabase

/// Decides when and how a long operation's progress is drawn; the caller writes and keeps the clock.
///
///     lab/mri/t1 [########............]  40 %  212 MB/s  7 s left
struct ProgressBar {
    /// Operations that end sooner draw nothing.
    static let delaySeconds = 0.5
    /// At most ten drawings a second.
    static let intervalSeconds = 0.1

    private let columns: Int
    private let startSeconds: Double
    private var lastDrawingSeconds: Double?

    /// - Parameters:
    ///   - columns: width of the terminal.
    ///   - nowSeconds: a clock that does not jump, when the operation starts.
    init(columns: Int, nowSeconds: Double) {
        self.columns = columns
        startSeconds = nowSeconds
    }

    /// The line to draw in place of the last one, or nil when it is not yet time.
    mutating func update(_ progress: Progress, nowSeconds: Double) -> String? {
        guard nowSeconds - startSeconds >= Self.delaySeconds else { return nil }
        if let last = lastDrawingSeconds, nowSeconds - last < Self.intervalSeconds { return nil }
        lastDrawingSeconds = nowSeconds
        return "\r" + line(progress, elapsed: nowSeconds - startSeconds) + "\u{1B}[K"
    }

    /// What removes the line, or nil when none was drawn.
    mutating func erase() -> String? {
        guard lastDrawingSeconds != nil else { return nil }
        lastDrawingSeconds = nil
        return "\r\u{1B}[K"
    }

    private func line(_ progress: Progress, elapsed: Double) -> String {
        let completed = Double(max(0, progress.completedByteCount))
        let rate = completed / max(elapsed, 0.001)
        let rateText = "\(Quantities.decimal(rate / 1e6, places: rate < 1e7 ? 1 : 0)) MB/s"
        let title = DisplayWidth.printable(progress.title)
        guard let total = progress.totalByteCount, total > 0 else {
            let text = "\(title)  \(Quantities.bytes(progress.completedByteCount))  \(rateText)"
            return DisplayWidth.truncated(text, to: max(1, columns - 1), isUTF8: false)
        }
        let fraction = min(1, completed / Double(total))
        var tail = "  \(Quantities.decimal((fraction * 100).rounded(.down), places: 0)) %  \(rateText)"
        if completed > 0, fraction < 1 {
            tail +=
                "  \(Quantities.duration(seconds: ((Double(total) - completed) / rate).rounded(.up))) left"
        }
        let cells = min(30, columns - 1 - tail.utf8.count - 12)
        guard cells >= 5 else {
            return DisplayWidth.truncated(title + tail, to: max(1, columns - 1), isUTF8: false)
        }
        let titleRoom = columns - 1 - tail.utf8.count - cells - 3
        let full = Int(fraction * Double(cells))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: cells - full)
        return "\(DisplayWidth.truncated(title, to: titleRoom, isUTF8: false)) [\(bar)]\(tail)"
    }
}
