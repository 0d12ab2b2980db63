import BossCatalog
import BossDatabase

/// Runs one statement: binds names and numbers, then reads or writes through the facade.
///
/// Each family of statements has a file of its own that extends this type.
struct StatementExecutor {
    let database: Database
    var state: SessionState
    /// Values of `$1`, `$2`, ...; in a prepared statement those of EXECUTE.
    var parameters: [Parameter]
    let control: OperationControl
    var warnings: [Warning] = []
    var statistics = ReadStatistics()
    var checkOutcome: CheckOutcome?
    /// How much the transaction had noted before this statement.
    private(set) var notedCount = 0
    /// Whether the statement changes what its paths name.
    private(set) var isChange = false
    /// The state that the statement reads, once a path has named it.
    var reading: ReadState?

    init(database: Database, state: SessionState, parameters: [Parameter], control: OperationControl) {
        self.database = database
        self.state = state
        self.parameters = parameters
        self.control = control
    }

    /// Runs a statement.
    ///
    /// - Throws: 0A000 for a construct that is not built yet, with its position.
    mutating func execute(_ statement: Statement) throws(DatabaseError) -> ResultValue {
        reading = nil
        notedCount = state.transaction?.notedCount ?? 0
        isChange = statement.isChange
        switch statement {
        case .selectVolume(let query): return try selectVolume(query)
        case .selectRows(let query): return try selectRows(query)
        case .findIDs(let query): return try findIDs(query)
        case .findIDAt(let query): return try findID(query)
        case .boundingBox(let query): return try boundingBox(query)
        case .countVoxels(let query): return try countVoxels(query)
        case .statisticsOf(let call): return try rows(of: call)
        case .histogramOf(let call): return try rows(of: call)
        case .show(let show): return try self.show(show)
        case .insertCutout(let insert): return try insertCutout(insert)
        case .deleteCutout(let delete): return try deleteCutout(delete)
        case .updateCutout(let update): return try updateCutout(update)
        case .label(let label, let position): return try run(label, position)
        case .importFiles(let statement): return try importFiles(statement)
        case .downsample(let statement): return try downsample(statement)
        case .createResource(let create): return try createResource(create)
        case .alterResource(let alter): return try alterResource(alter)
        case .dropResource(let drop): return try dropResource(drop)
        case .setMetadata(let set): return try setMetadata(set)
        case .unsetMetadata(let unset): return try unsetMetadata(unset)
        case .describePath(let path, let position): return try describe(path, position)
        case .describeStatement(let inner, let position): return try describe(inner, position)
        case .use(let path, _): return try use(path)
        case .transaction(let transaction, let position): return try run(transaction, position)
        case .setting(let setting): return try change(setting)
        case .explain(let explain): return try self.explain(explain)
        case .maintenance(let maintenance, let position): return try run(maintenance, position)
        case .version(let version, let position): return try run(version, position)
        case .prepare(let node): return try prepare(node)
        case .execute(let node): return try executePrepared(node)
        case .deallocate(let name, _): return try deallocate(name)
        case .findPoints, .copyCutout, .exportFiles, .job:
            throw Self.notSupported(statement.featureName, statement.position)
        case .unsupported(let node):
            throw Self.notSupported(node.feature, node.position, hint: node.hint)
        }
    }

    /// The error for what the language has and this version does not.
    static func notSupported(
        _ feature: String, _ position: NodePosition, hint: String? = nil
    ) -> DatabaseError {
        DatabaseError(
            "0A000", "\(feature) is not supported yet",
            hint: hint ?? "docs/LANGUAGE.md lists what this version runs",
            position: position.source)
    }

    /// Refuses what runs for long, or concerns the whole database, inside BEGIN.
    func refuseInTransaction(_ feature: String, _ position: NodePosition) throws(DatabaseError) {
        guard state.status == .idle else {
            throw DatabaseError(
                "0A000", "\(feature) cannot run inside a transaction", hint: "COMMIT or ROLLBACK first",
                position: position.source)
        }
    }

    /// The catalog that this statement reads and changes: that of the transaction, if one is open.
    var catalog: Catalog { state.transaction?.catalog ?? state.readOnly?.catalog ?? database.catalog }

    /// What this statement reads: the version that its path names, the transaction's view, or everything committed.
    func currentView() throws(DatabaseError) -> DatabaseView {
        if let reading { return reading.view }
        return try head()
    }
}

extension Statement {
    /// Whether it changes voxels, names, options or metadata, of which only the newest state can be meant.
    fileprivate var isChange: Bool {
        switch self {
        case .insertCutout, .deleteCutout, .updateCutout, .label, .importFiles, .downsample, .createResource,
            .alterResource,
            .dropResource, .setMetadata, .unsetMetadata, .version(.restore, _):
            true
        default: false
        }
    }

    /// The construct's name for messages.
    var featureName: String {
        switch self {
        case .findPoints: "FIND POINTS"
        case .updateCutout: "UPDATE CUTOUT"
        case .copyCutout: "COPY"
        case .exportFiles: "EXPORT"
        case .label(let label, _):
            switch label {
            case .reserve: "RESERVE IDS"
            case .merge: "MERGE IDS"
            case .split: "SPLIT ID"
            case .cleave: "CLEAVE"
            case .relabel: "RELABEL"
            case .bake: "BAKE MAPPING"
            case .putMesh: "PUT MESH"
            }
        case .job: "a job statement"
        case .unsupported(let node): node.feature
        default: "this statement"
        }
    }
}

extension DatabaseError {
    /// The same error with a position, unless it has one.
    func at(_ position: NodePosition) -> DatabaseError {
        guard self.position == nil else { return self }
        var located = self
        located.position = position.source
        return located
    }
}

/// Gives errors of the facade the position of the part of the statement that is to blame.
func locating<R>(_ position: NodePosition, _ body: () throws(DatabaseError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw error.at(position) }
}
