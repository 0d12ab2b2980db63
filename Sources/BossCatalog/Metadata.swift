import GRDB

/// A key and the value it shall have.
package struct MetadataAssignment: Hashable, Sendable {
    package var key: String
    /// A JSON text; a plain word must be quoted as JSON does.
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

extension MetadataEntry {
    init(columns: Columns) throws {
        self.init(
            key: try columns.text("key"), value: try columns.text("value"),
            updatedAtMicroseconds: try columns.integer("updated_at"))
    }
}

extension Catalog {
    /// Sets keys, new or present, all or none.
    ///
    /// - Throws: `.notFound` for the resource, `.invalidName` for a key (1 to 255 characters, no NUL),
    ///   `.invalidValue` for a value that is no JSON text or exceeds 16 MiB.
    package func setMetadata(
        on resource: CatalogResource, _ assignments: [MetadataAssignment]
    ) throws(CatalogError) {
        for assignment in assignments {
            try ValueRules.checkKey(assignment.key)
            try ValueRules.checkMetadataValueSize(assignment.value)
        }
        try write { session in
            let id = try session.identify(resource)
            let now = session.now()
            for assignment in assignments {
                let valid = try session.first(
                    "SELECT json_valid(?) AS valid", [assignment.value], { try $0.flag("valid") })
                guard valid == true else {
                    throw CatalogError.invalidValue(
                        field: "metadata value", value: ValueRules.shortened(assignment.value),
                        allowed: "a JSON text")
                }
                try session.run(
                    """
                    INSERT INTO metadata (owner_kind, owner_id, key, value, updated_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
                    """, [resource.kind.rawValue, id, assignment.key, assignment.value, now])
            }
        }
    }

    /// Removes keys, all or none.
    ///
    /// - Throws: `.notFound` for the resource or for a key.
    package func unsetMetadata(on resource: CatalogResource, keys: [String]) throws(CatalogError) {
        try write { session in
            let id = try session.identify(resource)
            for key in keys {
                try ValueRules.checkKey(key)
                let count = try session.run(
                    "DELETE FROM metadata WHERE owner_kind = ? AND owner_id = ? AND key = ?",
                    [resource.kind.rawValue, id, key])
                guard count == 1 else { throw CatalogError.notFound(kind: .metadataKey, path: key) }
            }
        }
    }

    /// One key.
    ///
    /// - Throws: `.notFound` for the resource or for the key.
    package func metadata(on resource: CatalogResource, key: String) throws(CatalogError) -> MetadataEntry {
        try ValueRules.checkKey(key)
        return try read { session in
            let id = try session.identify(resource)
            let entry = try session.first(
                """
                SELECT key, value, updated_at FROM metadata WHERE owner_kind = ? AND owner_id = ? AND key = ?
                """, [resource.kind.rawValue, id, key], MetadataEntry.init(columns:))
            guard let entry else { throw CatalogError.notFound(kind: .metadataKey, path: key) }
            return entry
        }
    }

    /// All keys of a resource, sorted by the bytes of the key.
    ///
    /// - Throws: `.notFound` for the resource.
    package func metadata(on resource: CatalogResource) throws(CatalogError) -> [MetadataEntry] {
        try read { session in
            let id = try session.identify(resource)
            return try session.all(
                """
                SELECT key, value, updated_at FROM metadata WHERE owner_kind = ? AND owner_id = ? ORDER BY key
                """, [resource.kind.rawValue, id], MetadataEntry.init(columns:))
        }
    }

    /// All keys that match a pattern of SQL's LIKE (`%` any characters, `_` one, ASCII letters in either
    /// case), sorted by path and key, a parent before its children.
    ///
    /// - Throws: `.invalidValue` for a pattern of more than 1024 characters.
    package func searchMetadata(keyLike pattern: String) throws(CatalogError) -> [MetadataHit] {
        try ValueRules.checkPattern(pattern)
        return try read { session in
            try session.all(Self.metadataSearch, [pattern], MetadataHit.init(columns:))
        }
    }

    private static let metadataSearch = """
        WITH owner (kind, id, collection, experiment, channel) AS (
            SELECT 'collection', id, name, '', '' FROM collection
            UNION ALL
            SELECT 'experiment', e.id, c.name, e.name, ''
            FROM experiment e JOIN collection c ON c.id = e.collection_id
            UNION ALL
            SELECT 'channel', h.id, c.name, e.name, h.name
            FROM channel h JOIN experiment e ON e.id = h.experiment_id JOIN collection c ON c.id = e.collection_id
            WHERE h.state = 'active'
        )
        SELECT o.kind, o.collection, o.experiment, o.channel, m.key, m.value, m.updated_at
        FROM metadata m JOIN owner o ON o.kind = m.owner_kind AND o.id = m.owner_id
        WHERE m.key LIKE ?
        ORDER BY o.collection, o.experiment, o.channel, m.key
        """
}

extension MetadataHit {
    init(columns: Columns) throws {
        let collection = try columns.text("collection")
        let experiment = try columns.text("experiment")
        let resource: CatalogResource =
            switch try columns.text("kind") {
            case "collection": .collection(collection)
            case "experiment": .experiment(collection: collection, experiment: experiment)
            default:
                .channel(
                    collection: collection, experiment: experiment, channel: try columns.text("channel"))
            }
        self.init(resource: resource, entry: try MetadataEntry(columns: columns))
    }
}

extension CatalogSession {
    /// The row of a resource.
    fileprivate func identify(_ resource: CatalogResource) throws -> Int64 {
        switch resource {
        case .collection(let collection):
            try self.collection(collection).id
        case .experiment(let collection, let experiment):
            try self.experiment(collection, experiment).id
        case .channel(let collection, let experiment, let channel):
            Int64(try self.channel(collection, experiment, channel).id)
        }
    }

    func removeMetadata(ownerKind: ResourceKind, ownerID: Int64) throws {
        try run("DELETE FROM metadata WHERE owner_kind = ? AND owner_id = ?", [ownerKind.rawValue, ownerID])
    }
}
