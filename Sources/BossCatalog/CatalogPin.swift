import GRDB
import Synchronization

/// The catalog as it was committed at one moment, in memory: later changes do not reach it, and reading it keeps nobody
/// waiting.
package struct CatalogPin: Sendable {
    /// For reading only.
    package let catalog: Catalog
    /// The last commit of the engine that it has.
    package let appliedCommit: UInt64
    /// Names the state.
    let digest: Int64?
}

extension Catalog {
    /// What is committed now.
    ///
    /// Costs a copy of the whole catalog when it is another than the last one that was pinned, else a look at its seal.
    ///
    /// - Parameter atSameMoment: called once, while no commit of any process can change the catalog. Must not use it.
    package func pin(atSameMoment: () -> Void) throws(CatalogError) -> CatalogPin {
        precondition(transaction == nil, "what is pinned is committed")
        return try read { session in
            // The first look takes SQLite's SHARED lock, which no commit passes.
            let digest = try CatalogSeal.storedDigest(session.db)
            atSameMoment()
            if let last = lastPin.withLock({ $0 }), digest != nil, last.digest == digest { return last }
            let copy = try DatabaseQueue(configuration: Self.configuration(busyTimeoutSeconds))
            try copy.writeWithoutTransaction { try session.db.backup(to: $0) }
            let pin = CatalogPin(
                catalog: Catalog(path: path, isReadOnly: true, isInMemory: true, queue: copy),
                appliedCommit: try AppliedCommit.get(session.db), digest: digest)
            lastPin.withLock { $0 = pin }
            return pin
        }
    }
}
