import BossGeometry
import GRDB

extension ExperimentRecord {
    static let selection = """
        SELECT e.id, e.collection_id, e.name, e.description, e.coordinate_frame_id, f.name AS frame_name,
            e.hierarchy_method, e.level_count, e.time_sample_count, e.time_step, e.time_step_unit,
            e.creator, e.is_public, e.created_at
        FROM experiment e JOIN coordinate_frame f ON f.id = e.coordinate_frame_id
        """
    static let levelCounts = 1...31
    /// A time sample is 32 bits in the keys of pages.
    static let timeSampleCounts = 1...Int(UInt32.max)

    init(columns: Columns) throws {
        self.init(
            id: try columns.integer("id"), collectionID: try columns.integer("collection_id"),
            name: try columns.text("name"), description: try columns.text("description"),
            coordinateFrameID: try columns.integer("coordinate_frame_id"),
            coordinateFrameName: try columns.text("frame_name"),
            hierarchyMethod: try columns.word("hierarchy_method", HierarchyMethod.init(rawValue:)),
            levelCount: try columns.integer("level_count", in: Self.levelCounts),
            timeSampleCount: try columns.integer("time_sample_count", in: Self.timeSampleCounts),
            timeStep: columns.isNull("time_step") ? nil : try columns.real("time_step"),
            timeStepUnit: columns.isNull("time_step_unit")
                ? nil : try columns.word("time_step_unit", TimeUnit.init(rawValue:)),
            creator: try columns.text("creator"), isPublic: try columns.flag("is_public"),
            createdAtMicroseconds: try columns.integer("created_at"))
    }
}

extension Catalog {
    /// Makes an experiment.
    ///
    /// - Throws: `.notFound` (collection or frame), `.invalidName`, `.invalidValue`, `.alreadyExists`.
    @discardableResult
    package func createExperiment(
        in collection: String, _ new: NewExperiment
    ) throws(CatalogError) -> ExperimentRecord {
        try ValueRules.checkName(new.name, kind: .experiment)
        try ValueRules.checkDescription(new.description)
        try ValueRules.checkCreator(new.creator)
        try Self.checkHierarchy(new.levelCount, new.timeSampleCount, new.timeStep)
        return try write { session in
            let parent = try session.collection(collection)
            let frame = try session.coordinateFrame(new.coordinateFrame)
            try session.requireFreeExperiment(new.name, in: parent)
            try session.run(
                """
                INSERT INTO experiment (collection_id, name, description, coordinate_frame_id, hierarchy_method,
                    level_count, time_sample_count, time_step, time_step_unit, creator, is_public, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    parent.id, new.name, new.description, frame.id, new.hierarchyMethod.rawValue,
                    new.levelCount, new.timeSampleCount, new.timeStep, new.timeStepUnit?.rawValue,
                    new.creator, new.isPublic, session.now(),
                ])
            return try session.experiment(collection, new.name)
        }
    }

    /// The experiment of a name.
    ///
    /// - Throws: `.notFound` for the collection or the experiment.
    package func experiment(_ experiment: String, in collection: String) throws(CatalogError)
        -> ExperimentRecord
    {
        try read { try $0.experiment(collection, experiment) }
    }

    /// The experiments of a collection, sorted by name.
    ///
    /// - Throws: `.notFound` for the collection.
    package func experiments(in collection: String) throws(CatalogError) -> [ExperimentRecord] {
        try read { session in
            let parent = try session.collection(collection)
            return try session.all(
                ExperimentRecord.selection + " WHERE e.collection_id = ? ORDER BY e.name", [parent.id],
                ExperimentRecord.init(columns:))
        }
    }

    /// Changes an experiment; unchanged values are always accepted.
    ///
    /// - Throws: `.notFound`, `.invalidValue`, and `.cannotAlter` for a changed hierarchy method or fewer
    ///   levels or time samples while the experiment has channels.
    @discardableResult
    package func alterExperiment(
        _ experiment: String, in collection: String, _ changes: ExperimentChanges
    ) throws(CatalogError) -> ExperimentRecord {
        if let description = changes.description { try ValueRules.checkDescription(description) }
        return try write { session in
            let old = try session.experiment(collection, experiment)
            let method = changes.hierarchyMethod ?? old.hierarchyMethod
            let levelCount = changes.levelCount ?? old.levelCount
            let timeSampleCount = changes.timeSampleCount ?? old.timeSampleCount
            let timeStep = changes.timeStep ?? old.timeStep
            let timeStepUnit = changes.timeStepUnit ?? old.timeStepUnit
            try Self.checkHierarchy(levelCount, timeSampleCount, timeStep)
            if try session.channelCount(experimentID: old.id) > 0 {
                guard method == old.hierarchyMethod else {
                    throw CatalogError.cannotAlter(property: "hierarchy_method")
                }
                guard levelCount >= old.levelCount else {
                    throw CatalogError.cannotAlter(property: "num_hierarchy_levels")
                }
                guard timeSampleCount >= old.timeSampleCount else {
                    throw CatalogError.cannotAlter(property: "num_time_samples")
                }
            }
            try session.run(
                """
                UPDATE experiment SET description = ?, is_public = ?, hierarchy_method = ?, level_count = ?,
                    time_sample_count = ?, time_step = ?, time_step_unit = ?
                WHERE id = ?
                """,
                [
                    changes.description ?? old.description, changes.isPublic ?? old.isPublic, method.rawValue,
                    levelCount, timeSampleCount, timeStep, timeStepUnit?.rawValue, old.id,
                ])
            return try session.experiment(collection, experiment)
        }
    }

    /// Renames an experiment; ids, data and metadata stay.
    ///
    /// - Throws: `.notFound`, `.invalidName`, `.alreadyExists`.
    package func renameExperiment(
        _ experiment: String, in collection: String, to newName: String
    ) throws(CatalogError) {
        try ValueRules.checkName(newName, kind: .experiment)
        try write { session in
            let record = try session.experiment(collection, experiment)
            guard newName != experiment else { return }
            try session.requireFreeExperiment(newName, in: try session.collection(collection))
            try session.run("UPDATE experiment SET name = ? WHERE id = ?", [newName, record.id])
        }
    }

    /// Drops an experiment and, with `cascade`, its channels in the same transaction.
    ///
    /// - Returns: the numbers of the channels dropped with it.
    /// - Throws: `.notFound`, `.notEmpty` if it has channels and `cascade` is false.
    @discardableResult
    package func dropExperiment(
        _ experiment: String, in collection: String, cascade: Bool = false
    ) throws(CatalogError) -> [UInt32] {
        try write { session in
            let record = try session.experiment(collection, experiment)
            let count = try session.channelCount(experimentID: record.id)
            guard cascade || count == 0 else {
                throw CatalogError.notEmpty(
                    kind: .experiment, path: "\(collection)/\(experiment)", childCount: count)
            }
            return try session.removeExperiment(record.id)
        }
    }

    private static func checkHierarchy(
        _ levelCount: Int, _ timeSampleCount: Int, _ timeStep: Double?
    ) throws(CatalogError) {
        try ValueRules.check("num_hierarchy_levels", levelCount, in: ExperimentRecord.levelCounts)
        try ValueRules.check("num_time_samples", timeSampleCount, in: ExperimentRecord.timeSampleCounts)
        if let timeStep, !timeStep.isFinite || timeStep < 0 {
            throw .invalidValue(field: "time_step", value: "\(timeStep)", allowed: "finite and at least 0")
        }
    }
}

extension CatalogSession {
    func channelCount(experimentID: Int64) throws -> Int {
        let count = try first(
            "SELECT COUNT(*) AS n FROM channel WHERE experiment_id = ? AND state = 'active'", [experimentID],
            { try $0.integer("n", in: 0...Int(UInt32.max)) })
        return count ?? 0
    }

    /// Marks an experiment's channels as dropped and removes the experiment; returns the channels' numbers.
    func removeExperiment(_ id: Int64) throws -> [UInt32] {
        let channels = try all(
            "SELECT id FROM channel WHERE experiment_id = ? AND state = 'active' ORDER BY id", [id],
            { try $0.channelNumber("id") })
        for channel in channels { try markDropped(channel) }
        try removeMetadata(ownerKind: .experiment, ownerID: id)
        try run("DELETE FROM experiment WHERE id = ?", [id])
        return channels
    }

    fileprivate func requireFreeExperiment(_ name: String, in parent: CollectionRecord) throws {
        let id = try first(
            "SELECT id FROM experiment WHERE collection_id = ? AND name = ?", [parent.id, name],
            { try $0.integer("id") })
        if id != nil { throw CatalogError.alreadyExists(kind: .experiment, path: "\(parent.name)/\(name)") }
    }
}
