import BossCatalog
import BossStorage
import Synchronization

/// The catalog of a handle for reading, which shows a transaction of another process as a whole.
///
/// The engine's commit comes first and holds the changes of the catalog, the catalog's file follows some milliseconds
/// later, or never if the writer dies between the two. While the file lacks a commit that the engine has, a copy in
/// memory with that commit takes its place.
final class CatalogFollower: Sendable {
    private struct State: Sendable {
        /// No commit up to here is lacking in the file.
        var checked: UInt64
        var overlay: Overlay?
    }

    private struct Overlay: Sendable {
        /// What the file had when it was copied, and what the copy has.
        let applied: UInt64
        let newest: UInt64
        let catalog: Catalog
    }

    private let file: Catalog
    private let engine: StorageEngine
    private let state: Mutex<State>

    /// - Throws: XX001 when the catalog is damaged or ahead of the voxels, 55006 as the catalog says.
    init(file: Catalog, engine: StorageEngine) throws(DatabaseError) {
        self.file = file
        self.engine = engine
        let applied = try mappingErrors { () throws(CatalogError) in try file.appliedCommit }
        try engine.requireCommit(applied, of: file.path)
        state = Mutex(State(checked: applied))
        _ = try follow()
    }

    /// The catalog now. Costs a look at the writer's status; more only after a commit that changed the catalog.
    var current: Catalog {
        // Where that cannot be told, the file says what is wrong, or is read as it stands.
        (try? follow()) ?? file
    }

    /// Gives the copy up.
    func close() {
        state.withLock { $0.overlay?.catalog.close() }
    }

    private func follow() throws(DatabaseError) -> Catalog {
        let view = try mappingErrors { () throws(StorageError) in try engine.view() }
        return try state.withLock { (state) throws(DatabaseError) in
            if state.overlay == nil {
                guard view.sequence > state.checked else { return file }
                if try redo(after: state.checked, view).isEmpty {
                    state.checked = view.sequence
                    return file
                }
            }
            let applied = try mappingErrors { () throws(CatalogError) in try file.appliedCommit }
            let missing = try redo(after: applied, view)
            guard let newest = missing.last?.commit else {
                state.overlay = nil
                state.checked = max(state.checked, view.sequence)
                return file
            }
            if let overlay = state.overlay, overlay.applied == applied, overlay.newest >= newest {
                return overlay.catalog
            }
            let catalog = try mappingErrors { () throws(CatalogError) in try file.overlaid(by: missing) }
            state.overlay = Overlay(applied: applied, newest: newest, catalog: catalog)
            return catalog
        }
    }

    private func redo(
        after commit: UInt64, _ view: View
    ) throws(DatabaseError) -> [(commit: UInt64, redo: [UInt8])] {
        try mappingErrors { () throws(StorageError) in try engine.catalogRedo(after: commit, in: view) }
    }
}

extension StorageEngine {
    /// Refuses a catalog that has commits which the engine lacks. The engine commits first, so the two files are of
    /// different moments then: changes that the engine's next commits hold would be taken for done.
    ///
    /// - Parameter applied: the last commit that the catalog has, read before this is called.
    /// - Throws: XX001.
    func requireCommit(_ applied: UInt64, of catalog: String) throws(DatabaseError) {
        let isKnown = try mappingErrors { () throws(StorageError) in try shows(applied) }
        guard !isKnown else { return }
        let newest = try mappingErrors { () throws(StorageError) in try view().sequence }
        throw DatabaseError(
            "XX001", "\(catalog) has commit \(applied), and the voxels end at commit \(newest)",
            hint: "they are of different moments: restore a backup of both, or see bossql salvage")
    }
}
