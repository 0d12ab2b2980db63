package import BossCatalog
import BossStorage

/// Where versions are looked up: in one state of the voxels, under the names of one catalog.
///
/// A transaction looks them up in what was committed when it began, and finds experiments under the names that they
/// have in it: a snapshot belongs to the experiment, whatever it is called.
package struct VersionLookup: Sendable {
    let engine: StorageEngine
    /// Nothing later is found.
    let state: DatabaseView
    let catalog: Catalog

    /// The state that a version names.
    ///
    /// - Parameter experiment: `collection/experiment`, where snapshots are looked for.
    /// - Throws: 22V07 for a commit that is older than the kept history, or not made yet; 42704 for an unknown
    ///   snapshot, 42P01.
    package func view(
        _ version: DatabaseVersion, of experiment: String?
    ) throws(DatabaseError) -> DatabaseView {
        switch version {
        case .newest: return state
        case .commit(let commit): return try view(at: commit)
        case .snapshot(let name):
            guard let experiment else {
                throw DatabaseError("42704", "there is no snapshot \(name) outside an experiment")
            }
            guard let snapshot = try snapshots(of: experiment).first(where: { $0.name == name }) else {
                throw DatabaseError(
                    "42704", "there is no snapshot \(name) of \(experiment)",
                    hint: "SHOW SNAPSHOTS IN \(experiment) lists them")
            }
            return try view(at: snapshot.commit)
        case .time(let microseconds):
            let commit = try mappingErrors { () throws(StorageError) in
                try engine.commit(notAfter: microseconds, in: state.view)
            }
            return try view(at: commit ?? 0)
        }
    }

    private func view(at commit: UInt64) throws(DatabaseError) -> DatabaseView {
        DatabaseView(
            view: try mappingErrors { () throws(StorageError) in
                try engine.view(at: commit, in: state.view)
            })
    }

    /// The snapshots of an experiment, oldest commit first.
    ///
    /// - Throws: 42P01.
    package func snapshots(of path: String) throws(DatabaseError) -> [Snapshot] {
        let scope = try scope(of: path)
        return state.view.snapshots.filter { $0.scope == scope }.map(Snapshot.init)
    }

    /// What the snapshots of an experiment belong to.
    func scope(of path: String) throws(DatabaseError) -> UInt64 {
        let parts = try Database.split(path, count: 2)
        let record = try mappingErrors { () throws(CatalogError) in
            try catalog.experiment(parts[1], in: parts[0])
        }
        return UInt64(bitPattern: record.id)
    }
}

extension Database {
    /// Versions as a state and the names of a catalog show them.
    package func versions(in state: DatabaseView, _ catalog: Catalog) -> VersionLookup {
        VersionLookup(engine: engine, state: state, catalog: catalog)
    }
}
