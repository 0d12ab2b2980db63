import BossCatalog
import BossDatabase

/// SET METADATA, UNSET METADATA and SHOW METADATA.
extension StatementExecutor {
    /// Sets keys of a collection, an experiment or a channel, all or none.
    ///
    /// Text that is JSON is stored as that JSON, other text as a JSON string; numbers, booleans and NULL as
    /// what they are in JSON.
    ///
    /// - Throws: 42P01, 42602 for a key, 42804 for a value that JSON does not have, 25006, 0A000.
    mutating func setMetadata(_ set: SetMetadata) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(set.position)
        let resource = try resource(set.path)
        var assignments: [MetadataAssignment] = []
        for entry in set.entries {
            assignments.append(MetadataAssignment(key: entry.key.value, value: try json(entry.value)))
        }
        do throws(CatalogError) {
            try catalog.setMetadata(on: resource, assignments)
        } catch {
            throw misfit(error, set.entries.map(\.key), set.path.position)
        }
        var noted = set
        noted.path = set.path.inFull(resource.segments)
        note(.setMetadata(noted))
        return .tag("SET", count: UInt64(set.entries.count))
    }

    /// Removes keys, all or none.
    ///
    /// - Throws: 42P01, 42704 for a key that is not set, 25006, 0A000.
    mutating func unsetMetadata(_ unset: UnsetMetadata) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(unset.position)
        let resource = try resource(unset.path)
        do throws(CatalogError) {
            try catalog.unsetMetadata(on: resource, keys: unset.keys.map(\.value))
        } catch {
            guard case .notFound(.metadataKey, let key) = error else {
                throw misfit(error, unset.keys, unset.path.position)
            }
            let entries = try asking(unset.path.position) { () throws(CatalogError) in
                try catalog.metadata(on: resource)
            }
            let near = NearMiss.best(for: key, among: entries.map(\.key))
            let position = unset.keys.first { $0.value == key }?.position ?? unset.path.position
            throw DatabaseError(
                "42704", "\(resource.path) has no metadata key \(key)",
                hint: near.map { "did you mean \($0)?" } ?? "SHOW METADATA IN \(resource.path) lists them",
                position: position.source)
        }
        var noted = unset
        noted.path = unset.path.inFull(resource.segments)
        note(.unsetMetadata(noted))
        return .tag("UNSET", count: UInt64(unset.keys.count))
    }

    /// `SHOW METADATA IN path`.
    func metadataRows(_ resource: CatalogResource, _ position: NodePosition) throws(DatabaseError) -> RowSet {
        let entries = try asking(position) { () throws(CatalogError) in
            try catalog.metadata(on: resource)
        }
        return RowSet(
            columns: [Column("key", .text), Column("value", .json), Column("updated_at", .timestamp)],
            rows: entries.map {
                [.text($0.key), .text($0.value), .timestamp(microseconds: $0.updatedAtMicroseconds)]
            })
    }

    /// An error of the catalog at the key that it names.
    private func misfit(
        _ error: CatalogError, _ keys: [Located<String>], _ position: NodePosition
    ) -> DatabaseError {
        guard case .invalidName(.metadataKey, let name) = error else { return named(error, position) }
        // The name of a key that is too long is cut.
        let key = keys.first { $0.value == name } ?? keys.first { $0.value.hasPrefix(name) }
        return DatabaseError(
            "42602", "\"\(name)\" is not a metadata key",
            hint: "keys have 1 to 255 characters, NUL is not one",
            position: (key?.position ?? position).source, cause: error)
    }

    /// A value as JSON text.
    private func json(_ scalar: Scalar) throws(DatabaseError) -> String {
        let position = scalar.position
        switch scalar {
        case .literal(.null, _): return "null"
        case .literal(.boolean(let value), _): return value ? "true" : "false"
        case .literal(.unsigned(let value), _): return String(value)
        case .literal(.signed(let value), _): return String(value)
        case .literal(.float(let value), _): return value.description
        case .literal(.text(let text), _): return Self.json(text)
        case .literal(.bytes, _), .literal(.quantity, _):
            throw Self.mismatch("text, a number or a boolean", position)
        case .parameter(let number, _): return try json(parameter(number, position), position)
        }
    }

    private static func json(_ text: String) -> String {
        JSONText.isValid(text) ? text : JSONText.string(text)
    }

    private func json(_ parameter: Parameter, _ position: NodePosition) throws(DatabaseError) -> String {
        switch parameter {
        case .null: return "null"
        case .boolean(let value): return value ? "true" : "false"
        case .integer(let value): return String(value)
        case .unsigned(let value): return String(value)
        case .float(let value):
            guard value.isFinite else {
                throw DatabaseError("22023", "JSON has no \(value)", position: position.source)
            }
            return value.description
        case .text(let text): return Self.json(text)
        case .list(let items):
            var texts: [String] = []
            for item in items { texts.append(try json(item, position)) }
            return "[" + texts.joined(separator: ",") + "]"
        case .volume: throw Self.mismatch("text, a number or a boolean", position)
        }
    }
}
