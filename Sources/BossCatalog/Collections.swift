import GRDB

extension CollectionRecord {
    static let selection = "SELECT id, name, description, creator, is_public, created_at FROM collection"

    init(columns: Columns) throws {
        self.init(
            id: try columns.integer("id"), name: try columns.text("name"),
            description: try columns.text("description"), creator: try columns.text("creator"),
            isPublic: try columns.flag("is_public"), createdAtMicroseconds: try columns.integer("created_at"))
    }
}

extension Catalog {
    /// Makes a collection.
    ///
    /// - Throws: `.invalidName`, `.invalidValue`, `.alreadyExists`.
    @discardableResult
    package func createCollection(_ new: NewCollection) throws(CatalogError) -> CollectionRecord {
        try ValueRules.checkName(new.name, kind: .collection)
        try ValueRules.checkDescription(new.description)
        try ValueRules.checkCreator(new.creator)
        return try write { session in
            try session.requireFreeCollection(new.name)
            try session.run(
                """
                INSERT INTO collection (name, description, creator, is_public, created_at)
                VALUES (?, ?, ?, ?, ?)
                """, [new.name, new.description, new.creator, new.isPublic, session.now()])
            return try session.collection(new.name)
        }
    }

    /// The collection of a name.
    ///
    /// - Throws: `.notFound`.
    package func collection(_ name: String) throws(CatalogError) -> CollectionRecord {
        try read { try $0.collection(name) }
    }

    /// All collections, sorted by name.
    package func collections() throws(CatalogError) -> [CollectionRecord] {
        try read {
            try $0.all(CollectionRecord.selection + " ORDER BY name", [], CollectionRecord.init(columns:))
        }
    }

    /// Changes a collection.
    ///
    /// - Throws: `.notFound`, `.invalidValue`.
    @discardableResult
    package func alterCollection(
        _ name: String, _ changes: CollectionChanges
    ) throws(CatalogError) -> CollectionRecord {
        if let description = changes.description { try ValueRules.checkDescription(description) }
        return try write { session in
            let old = try session.collection(name)
            try session.run(
                "UPDATE collection SET description = ?, is_public = ? WHERE id = ?",
                [changes.description ?? old.description, changes.isPublic ?? old.isPublic, old.id])
            return try session.collection(name)
        }
    }

    /// Renames a collection; ids, data and metadata stay.
    ///
    /// - Throws: `.notFound`, `.invalidName`, `.alreadyExists`.
    package func renameCollection(_ name: String, to newName: String) throws(CatalogError) {
        try ValueRules.checkName(newName, kind: .collection)
        try write { session in
            let record = try session.collection(name)
            guard newName != name else { return }
            try session.requireFreeCollection(newName)
            try session.run("UPDATE collection SET name = ? WHERE id = ?", [newName, record.id])
        }
    }

    /// Drops a collection and, with `cascade`, its experiments and their channels in the same transaction.
    ///
    /// - Returns: the numbers of the channels dropped with it.
    /// - Throws: `.notFound`, `.notEmpty` if it has experiments and `cascade` is false.
    @discardableResult
    package func dropCollection(_ name: String, cascade: Bool = false) throws(CatalogError) -> [UInt32] {
        try write { session in
            let record = try session.collection(name)
            let experiments = try session.all(
                ExperimentRecord.selection + " WHERE e.collection_id = ? ORDER BY e.name", [record.id],
                ExperimentRecord.init(columns:))
            guard cascade || experiments.isEmpty else {
                throw CatalogError.notEmpty(kind: .collection, path: name, childCount: experiments.count)
            }
            var dropped: [UInt32] = []
            for experiment in experiments { dropped += try session.removeExperiment(experiment.id) }
            try session.removeMetadata(ownerKind: .collection, ownerID: record.id)
            try session.run("DELETE FROM collection WHERE id = ?", [record.id])
            return dropped
        }
    }
}

extension CatalogSession {
    fileprivate func requireFreeCollection(_ name: String) throws {
        if try first("SELECT id FROM collection WHERE name = ?", [name], { try $0.integer("id") }) != nil {
            throw CatalogError.alreadyExists(kind: .collection, path: name)
        }
    }
}
