package import BossCatalog
import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What was committed at one moment, voxels and names. It stays as it is while it is held.
package struct PinnedState: Sendable {
    /// The voxels.
    package let view: DatabaseView
    let pin: CatalogPin

    /// The names and properties, for reading only.
    package var catalog: Catalog { pin.catalog }
}

extension Database {
    /// How long a commit may be between the two stores.
    private static let settlingSeconds = 5.0

    /// What is committed now.
    ///
    /// The voxels are looked at while no commit can change the catalog. A commit that they have and the catalog has not
    /// is on its way between the two stores, so both are looked at again.
    ///
    /// - Throws: 55006 where that does not end, and what reading the catalog throws.
    package func pinnedState() throws(DatabaseError) -> PinnedState {
        let end = ContinuousClock.now + .seconds(Self.settlingSeconds)
        repeat {
            let source = catalog
            var found: Result<View, StorageError>?
            let pin = try mappingErrors { () throws(CatalogError) in
                try source.pin { found = Result { () throws(StorageError) in try engine.view() } }
            }
            if source === catalog,
                let view = try mappingErrors({ () throws(StorageError) in try found?.get() }),
                try isSettled(view, pin)
            {
                return PinnedState(view: DatabaseView(view: view), pin: pin)
            }
            usleep(1000)
        } while ContinuousClock.now < end
        throw DatabaseError(CatalogError.lockedByTransaction(file: catalogFile.path))
    }

    /// Whether the catalog has all that the engine's commits have changed in it.
    private func isSettled(_ view: View, _ pin: CatalogPin) throws(DatabaseError) -> Bool {
        try mappingErrors { () throws(StorageError) in
            try engine.catalogRedo(after: pin.appliedCommit, in: view).isEmpty
        }
    }
}
