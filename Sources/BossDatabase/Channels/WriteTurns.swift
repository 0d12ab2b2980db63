import BossGeometry
import Synchronization

/// Lets writers of one place take turns once they have got in each other's way.
///
/// Writers do not wait for one another: who loses starts again from what the winner left. With many writers in one
/// cuboid that would be almost all work for nothing, so for a while after a conflict they go one after the other.
/// Conflicts are still found by the engine; a turn only makes them rare.
final class WriteTurns: Sendable {
    private static let count = 64
    /// How long writers go on taking turns after a conflict.
    private static let contention = Duration.seconds(1)

    private let turns = (0..<count).map { _ in Turn() }

    /// One place where writers may meet.
    final class Turn: Sendable {
        private let lock = Mutex(())
        private let contendedUntil = Mutex<ContinuousClock.Instant?>(nil)

        /// Whether writers met here lately.
        var isContended: Bool {
            contendedUntil.withLock { end in
                guard let last = end else { return false }
                if ContinuousClock.now < last { return true }
                end = nil
                return false
            }
        }

        func noteConflict() {
            contendedUntil.withLock { $0 = ContinuousClock.now + WriteTurns.contention }
        }

        /// Runs `body` when it is this writer's turn. Taken before all locks of the engine.
        func taken<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
            try lock.withLock { (_) throws(E) in try body() }
        }
    }

    /// The turn of a cuboid; others may share it.
    func turn(channel: UInt32, cuboid: CuboidIndex) -> Turn {
        var hasher = Hasher()
        hasher.combine(channel)
        hasher.combine(cuboid)
        return turns[Int(UInt(bitPattern: hasher.finalize()) % UInt(Self.count))]
    }
}
