import Synchronization

/// Keeps files that some reader may still need, and removes the others.
///
/// A root names files; a later root names others. A file that a root does not name any more may be removed when no
/// view of this process and no reader of another one goes by an older root. Views pin the number of their root;
/// readers of other processes hold leases (`ReaderLease`).
final class FileReclaimer: Sendable {
    private struct Retired: Sendable {
        let path: String
        /// The first root that does not name it.
        let root: UInt64
    }
    private struct State: Sendable {
        /// Pins by root number.
        var pins: [UInt64: Int] = [:]
        var retired: [Retired] = []
        var lease: ReaderLease?
        /// Whether the handle is closed, and only its views need the lease.
        var isEnding = false

        /// Gives the lease of a closed handle up when no view is left.
        mutating func endLease() -> ReaderLease? {
            guard isEnding, pins.isEmpty else { return nil }
            defer { lease = nil }
            return lease
        }
    }

    private let fileSystem: any FileSystem
    private let state: Mutex<State>

    init(fileSystem: any FileSystem, lease: ReaderLease? = nil) {
        self.fileSystem = fileSystem
        state = Mutex(State(lease: lease))
    }

    /// Pins a root until the returned object is let go of.
    func pin(_ root: UInt64) -> RootPin {
        state.withLock { state in
            state.pins[root, default: 0] += 1
            Self.updateLease(state)
        }
        return RootPin(root: root, reclaimer: self)
    }

    fileprivate func unpin(_ root: UInt64) {
        // The lease is let go of outside the lock.
        let ended = state.withLock { state in
            let count = state.pins[root, default: 1] - 1
            state.pins[root] = count > 0 ? count : nil
            Self.updateLease(state)
            return state.endLease()
        }
        _ = ended
    }

    /// A lease names the oldest root that a view of this reader goes by.
    private static func updateLease(_ state: State) {
        guard let lease = state.lease, let oldest = state.pins.keys.min() else { return }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.leaseNamesNewestRoot), let newest = state.pins.keys.max() {
                return lease.update(root: newest)
            }
        #endif
        lease.update(root: oldest)
    }

    /// Takes note of files that root `root` does not name any more.
    func retire(_ paths: [String], root: UInt64) {
        state.withLock { $0.retired += paths.map { Retired(path: $0, root: root) } }
    }

    /// The oldest root that somebody may read by; `UInt64.max` without readers.
    func oldestPinnedRoot() -> UInt64 {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.collectByAge) { return .max }
            if SeededDefect.isOn(.losePins) {
                return min(state.withLock { $0.pins.keys.max() } ?? .max, ReaderLease.oldestRoot(fileSystem))
            }
        #endif
        let own = state.withLock { $0.pins.keys.min() } ?? .max
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.reclaimOneRootEarly), own < .max { return own + 1 }
        #endif
        return min(own, ReaderLease.oldestRoot(fileSystem))
    }

    /// Whether files wait for a reader to end.
    var hasRetired: Bool { state.withLock { !$0.retired.isEmpty } }

    /// Paths that wait for a reader to end.
    var retiredPaths: [String] { state.withLock { $0.retired.map(\.path) } }

    /// Bytes of the files that wait for a reader to end.
    var retiredByteCount: UInt64 {
        retiredPaths.reduce(0) { $0 &+ ((try? fileSystem.open($1, mode: .read).byteCount()) ?? 0) }
    }

    /// Removes the files that nobody needs.
    ///
    /// - Returns: how many were removed. One that cannot be removed now is tried again later.
    @discardableResult
    func reclaim() -> Int {
        guard hasRetired else { return 0 }
        let oldest = oldestPinnedRoot()
        let ready = state.withLock { state in
            let ready = state.retired.filter { $0.root <= oldest }
            state.retired.removeAll { $0.root <= oldest }
            return ready
        }
        var failed: [Retired] = []
        for file in ready {
            do { try fileSystem.unlink(file.path) } catch {
                if case .notFound = error { continue }
                failed.append(file)
            }
        }
        let again = failed
        state.withLock { $0.retired += again }
        return ready.count - again.count
    }

    /// Gives the lease of a read-only handle up once its last view is gone.
    func endLease() {
        let ended = state.withLock { state in
            state.isEnding = true
            return state.endLease()
        }
        _ = ended
    }
}

/// Holds the files of a root while a view goes by it.
final class RootPin: Sendable {
    let root: UInt64
    /// Nil where nothing is held.
    private let reclaimer: FileReclaimer?

    fileprivate init(root: UInt64, reclaimer: FileReclaimer?) {
        self.root = root
        self.reclaimer = reclaimer
    }

    /// The number of the root, without a hold on its files.
    func withoutHold() -> RootPin { RootPin(root: root, reclaimer: nil) }

    deinit { reclaimer?.unpin(root) }
}
