import BossCatalog
import BossDatabase

/// ALTER: options and names of what exists.
extension StatementExecutor {
    /// Changes options or the name of a collection, a frame, an experiment or a channel; all options or none.
    ///
    /// - Throws: 42P01 when it does not exist, 55V02 for what cannot be changed, 42601 for an option of
    ///   another kind, 22023 for an option's value, 42P07 for a new name that is taken, 25006, 0A000.
    mutating func alterResource(_ alter: AlterResource) throws(DatabaseError) -> ResultValue {
        let words = "ALTER \(alter.kind.rawValue)"
        guard alter.kind.isSupported else { throw Self.notSupported(words, alter.position) }
        try refuseInReadOnlyTransaction(alter.position)
        let path = try segments(alter.path, depth: alter.kind.depth)
        switch alter.action {
        case .rename(let name): try rename(alter.kind, path, to: name, alter.path.position)
        case .set(let options):
            try refuseFixed(options, alter.kind)
            try set(options, alter.kind, path, alter.path.position)
        }
        var noted = alter
        noted.path = alter.path.inFull(path)
        if case .set(let options) = alter.action { noted.action = .set(options.inFull(path)) }
        note(.alterResource(noted))
        return .tag(words, count: nil)
    }

    private func refuseFixed(_ options: ResourceOptions, _ kind: ResourceKind) throws(DatabaseError) {
        if kind == .channel { try refuseUnsupported(options) }
        for option in ResourceOption.allCases {
            guard let position = options.position(of: option), !kind.alterable.contains(option) else {
                continue
            }
            let word = option.keyword.text
            if kind.fixed.contains(option) {
                throw DatabaseError(
                    "55V02", "\(word) of a \(kind.noun) cannot be changed",
                    hint: "create a new \(kind.noun) and copy the data", position: position.source)
            }
            throw DatabaseError("42601", "a \(kind.noun) has no \(word)", position: position.source)
        }
    }

    private func set(
        _ options: ResourceOptions, _ kind: ResourceKind, _ path: [String], _ position: NodePosition
    ) throws(DatabaseError) {
        let places = OptionPlaces(options)
        let description = options.description?.value
        switch kind {
        case .collection:
            try changing(places, position) { () throws(CatalogError) in
                _ = try catalog.alterCollection(path[0], CollectionChanges(description: description))
            }
        case .frame:
            guard let description else { return }
            try changing(places, position) { () throws(CatalogError) in
                _ = try catalog.alterCoordinateFrame(path[0], description: description)
            }
        case .experiment:
            let changes = try experimentChanges(options, path, position)
            try changing(places, position) { () throws(CatalogError) in
                _ = try catalog.alterExperiment(path[1], in: path[0], changes)
            }
        case .channel:
            let changes = try channelChanges(options, path, position)
            try changing(places, position) { () throws(CatalogError) in
                _ = try catalog.alterChannel(path[2], in: path[0], path[1], changes)
            }
        case .points, .roi: return
        }
    }

    private func experimentChanges(
        _ options: ResourceOptions, _ path: [String], _ position: NodePosition
    ) throws(DatabaseError) -> ExperimentChanges {
        if let levels = options.levels {
            let channels = try asking(position) { () throws(CatalogError) in
                try catalog.channels(in: path[0], path[1])
            }
            for channel in channels {
                try checkBase(Located(channel.baseResolution, levels.position), levelCount: levels.value)
            }
        }
        var changes = ExperimentChanges(
            description: options.description?.value, hierarchyMethod: options.hierarchy?.value.method,
            levelCount: options.levels?.value, timeSampleCount: options.time?.sampleCount.value)
        // TIME without STEP leaves the step as it is.
        if let step = try timeStep(options.time) {
            changes.timeStep = .some(step.value)
            changes.timeStepUnit = .some(step.unit)
        }
        return changes
    }

    private func channelChanges(
        _ options: ResourceOptions, _ path: [String], _ position: NodePosition
    ) throws(DatabaseError) -> ChannelChanges {
        if let base = options.baseResolution {
            let experiment = try asking(position) { () throws(CatalogError) in
                try catalog.experiment(path[1], in: path[0])
            }
            try checkBase(base, levelCount: experiment.levelCount)
        }
        return ChannelChanges(
            description: options.description?.value, baseResolution: options.baseResolution?.value,
            defaultTimeSample: options.defaultTime.map { Int($0.value) },
            sources: try linkedChannels(options.sources, of: path),
            related: try linkedChannels(options.related, of: path))
    }

    /// Renames; a `USE` path through the old name follows.
    private mutating func rename(
        _ kind: ResourceKind, _ path: [String], to name: Located<String>, _ position: NodePosition
    ) throws(DatabaseError) {
        do throws(CatalogError) {
            switch kind {
            case .collection: try catalog.renameCollection(path[0], to: name.value)
            case .frame: try catalog.renameCoordinateFrame(path[0], to: name.value)
            case .experiment: try catalog.renameExperiment(path[1], in: path[0], to: name.value)
            case .channel: try catalog.renameChannel(path[2], in: path[0], path[1], to: name.value)
            case .points, .roi: return
            }
        } catch {
            switch error {
            case .alreadyExists(let kind, let path):
                throw DatabaseError(
                    "42P07", "\(kind.rawValue) \(path) exists already", position: name.position.source,
                    cause: error)
            case .invalidName: throw DatabaseError(error).at(name.position)
            default: throw named(error, position)
            }
        }
        if kind == .collection || kind == .experiment, state.currentPath.starts(with: path) {
            state.currentPath[path.count - 1] = name.value
        }
    }
}

extension ResourceKind {
    /// The options that ALTER can change.
    fileprivate var alterable: Set<ResourceOption> {
        switch self {
        case .collection, .frame, .points, .roi: [.description]
        case .experiment: [.description, .levels, .hierarchy, .time]
        case .channel: [.description, .baseResolution, .defaultTime, .sources, .related]
        }
    }

    /// The options that are given once, at creation.
    fileprivate var fixed: Set<ResourceOption> {
        switch self {
        case .collection, .frame, .points, .roi: []
        case .experiment: [.frame]
        case .channel: [.type, .dataType, .cuboid, .codec, .background]
        }
    }

    /// The word in messages.
    fileprivate var noun: String { rawValue.lowercased() }
}
