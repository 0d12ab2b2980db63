/// Decides whether a flush waits a moment for more commits.
///
/// Without it the writers of a busy database fall into two halves: one waits for a flush while the other makes its next
/// batches. Those who committed around the last flush are expected again; a wait is at most half as long as a flush, and
/// after one that gained nothing the next flushes do without.
struct CommitGathering {
    private static let longestWait = Duration.milliseconds(2)
    /// Flushes without a wait after one that gained nothing.
    private static let pauseCount = 16

    /// Commits that are expected; 0 while nobody waits for them.
    private var wantedCount = 0
    /// Writers that committed around the last flush.
    private var writerCount = 0
    private var flushDuration = Duration.zero
    private var pausesLeft = 0

    /// Begins a wait for the other writers.
    ///
    /// - Returns: how long it may last; nil when all are there, or none are expected.
    mutating func begin(pendingCount: Int) -> Duration? {
        guard pendingCount < writerCount else { return nil }
        guard pausesLeft == 0 else {
            pausesLeft -= 1
            return nil
        }
        wantedCount = writerCount
        return min(flushDuration / 2, Self.longestWait)
    }

    /// Whether everybody who is waited for has come.
    func isComplete(_ pendingCount: Int) -> Bool { wantedCount > 0 && pendingCount >= wantedCount }

    /// Ends a wait.
    mutating func end(gainedCount: Int) {
        wantedCount = 0
        if gainedCount <= 0 { pausesLeft = Self.pauseCount }
    }

    /// Takes note of a flush, of the commits in it, and of those that came meanwhile.
    mutating func noteFlush(of commitCount: Int, waitingCount: Int, duration: Duration) {
        writerCount = commitCount + waitingCount
        flushDuration = duration
    }
}
