import GRDB

/// What operations share inside one transaction: a connection, and the look-ups by name.
struct CatalogSession {
    let db: Database
    let file: String
    /// Told of every statement that changed rows; nil outside `CatalogTransaction`.
    var recorder: TransactionCore?

    /// All rows of a statement, decoded.
    func all<Value>(
        _ sql: String, _ arguments: StatementArguments = [], _ decode: (Columns) throws -> Value
    ) throws -> [Value] {
        let statement = try db.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try decode(Columns(row: row, file: file))) }
        return values
    }

    /// The first row of a statement, decoded, or nil.
    func first<Value>(
        _ sql: String, _ arguments: StatementArguments = [], _ decode: (Columns) throws -> Value
    ) throws -> Value? {
        try all(sql, arguments, decode).first
    }

    /// Runs a statement that changes rows; returns how many it changed.
    ///
    /// All that an operation changes goes through here, and depends on nothing but the rows and the
    /// arguments: a redo runs the same statements again and must get the same rows.
    @discardableResult
    func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Int {
        let values = arguments.map { $0?.databaseValue ?? .null }
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
        let count = db.changesCount
        if count > 0 { recorder?.record(sql, values) }
        return count
    }

    func collection(_ name: String) throws -> CollectionRecord {
        guard
            let record = try first(
                CollectionRecord.selection + " WHERE name = ?", [name], CollectionRecord.init(columns:))
        else { throw CatalogError.notFound(kind: .collection, path: name) }
        return record
    }

    func coordinateFrame(_ name: String) throws -> CoordinateFrameRecord {
        guard
            let record = try first(
                CoordinateFrameRecord.selection + " WHERE name = ?", [name],
                CoordinateFrameRecord.init(columns:))
        else { throw CatalogError.notFound(kind: .coordinateFrame, path: name) }
        return record
    }

    func experiment(_ collection: String, _ experiment: String) throws -> ExperimentRecord {
        let parent = try self.collection(collection)
        guard
            let record = try first(
                ExperimentRecord.selection + " WHERE e.collection_id = ? AND e.name = ?",
                [parent.id, experiment], ExperimentRecord.init(columns:))
        else { throw CatalogError.notFound(kind: .experiment, path: "\(collection)/\(experiment)") }
        return record
    }

    func channel(_ collection: String, _ experiment: String, _ channel: String) throws -> ChannelRecord {
        let parent = try self.experiment(collection, experiment)
        guard let record = try self.channel(named: channel, experimentID: parent.id) else {
            throw CatalogError.notFound(kind: .channel, path: "\(collection)/\(experiment)/\(channel)")
        }
        return record
    }

    /// Microseconds since 1970 UTC, for people only.
    func now() -> Int64 { WallClock.microsecondsSince1970() }
}

/// One row, read with checks: a value of the wrong type or outside its range is damage, never a trap.
///
/// GRDB's own `row["name"] as Int` ends the process there.
struct Columns {
    let row: Row
    let file: String

    private func damaged(_ name: String, _ value: DatabaseValue) -> CatalogError {
        .corrupt(file: file, reason: "column \(name) holds \(String(describing: value).prefix(80))")
    }

    func integer(_ name: String) throws -> Int64 {
        let value: DatabaseValue = row[name]
        guard case .int64(let integer) = value.storage else { throw damaged(name, value) }
        return integer
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let integer = try integer(name)
        guard let number = Int(exactly: integer), range ~= number else {
            throw CatalogError.corrupt(file: file, reason: "column \(name) holds \(integer)")
        }
        return number
    }

    func flag(_ name: String) throws -> Bool { try integer(name, in: 0...1) == 1 }

    func real(_ name: String) throws -> Double {
        let value: DatabaseValue = row[name]
        guard case .double(let real) = value.storage, real.isFinite else { throw damaged(name, value) }
        return real
    }

    func text(_ name: String) throws -> String {
        let value: DatabaseValue = row[name]
        guard case .string(let text) = value.storage else { throw damaged(name, value) }
        return text
    }

    func isNull(_ name: String) -> Bool {
        let value: DatabaseValue = row[name]
        return value.isNull
    }

    /// A word of an enumeration.
    func word<Value>(_ name: String, _ make: (String) -> Value?) throws -> Value {
        let text = try text(name)
        guard let value = make(text) else {
            throw CatalogError.corrupt(file: file, reason: "column \(name) holds the word \(text.prefix(80))")
        }
        return value
    }
}
