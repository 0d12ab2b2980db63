import BossCatalog
import BossDatabase
import BossGeometry
import BossVoxels

/// CREATE COLLECTION, FRAME, EXPERIMENT and CHANNEL.
extension StatementExecutor {
    /// Makes a collection, a frame, an experiment or a channel.
    ///
    /// - Throws: 42P07 when the name is taken, 42602 for a name that is not allowed, 42P01 for a parent, a
    ///   frame or a linked channel that does not exist, 22023 for an option's value, 25006, 0A000.
    mutating func createResource(_ create: CreateResource) throws(DatabaseError) -> ResultValue {
        let words = "CREATE \(create.kind.rawValue)"
        guard create.kind.isSupported else { throw Self.notSupported(words, create.position) }
        try refuseInReadOnlyTransaction(create.position)
        let path = try segments(create.path, depth: create.kind.depth)
        let tag = ResultValue.tag(words, count: nil)
        if create.ifNotExists, !database.isReadOnly, try exists(create.kind, path, create.path.position) {
            return tag
        }
        do throws(DatabaseError) {
            switch create.kind {
            case .collection: try createCollection(create, path)
            case .frame: try createFrame(create, path)
            case .experiment: try createExperiment(create, path)
            case .channel: try createChannel(create, path)
            case .points, .roi: throw Self.notSupported(words, create.position)
            }
        } catch {
            // Another session may have made it meanwhile.
            guard create.ifNotExists, error.sqlState == "42P07" else { throw error }
            return tag
        }
        var noted = create
        noted.path = create.path.inFull(path)
        noted.options = create.options.inFull(path)
        note(.createResource(noted))
        return tag
    }

    private func exists(
        _ kind: ResourceKind, _ path: [String], _ position: NodePosition
    ) throws(DatabaseError) -> Bool {
        kind == .frame
            ? try frameExists(path[0], position) : try exists(CatalogResource(segments: path), position)
    }

    private func createCollection(_ create: CreateResource, _ path: [String]) throws(DatabaseError) {
        let new = NewCollection(name: path[0], description: create.options.description?.value ?? "")
        try changing(OptionPlaces(create.options), create.path.position) { () throws(CatalogError) in
            _ = try catalog.createCollection(new)
        }
    }

    private func createFrame(_ create: CreateResource, _ path: [String]) throws(DatabaseError) {
        guard let syntax = create.frame else {
            throw DatabaseError("42601", "a frame needs X, Y, Z and VOXEL", position: create.position.source)
        }
        let frame = try bind(syntax)
        let new = NewCoordinateFrame(
            name: path[0], description: create.options.description?.value ?? "", start: frame.lower,
            stop: frame.upper, voxelSize: frame.voxelSize, voxelUnit: frame.unit)
        try changing(OptionPlaces(create.options, frame: syntax), create.path.position) {
            () throws(CatalogError) in
            _ = try catalog.createCoordinateFrame(new)
        }
    }

    private func createExperiment(_ create: CreateResource, _ path: [String]) throws(DatabaseError) {
        let options = create.options
        guard let framePath = options.frame else {
            throw DatabaseError("42601", "an experiment needs a FRAME", position: create.position.source)
        }
        let frame = try segments(framePath, depth: 1)[0]
        try asking(framePath.position) { () throws(CatalogError) in
            _ = try catalog.coordinateFrame(frame)
        }
        let step = try timeStep(options.time)
        let new = NewExperiment(
            name: path[1], coordinateFrame: frame, description: options.description?.value ?? "",
            hierarchyMethod: options.hierarchy?.value.method ?? .anisotropic,
            levelCount: options.levels?.value ?? 1,
            timeSampleCount: options.time?.sampleCount.value ?? 1, timeStep: step?.value,
            timeStepUnit: step?.unit)
        try changing(OptionPlaces(options), create.path.position) { () throws(CatalogError) in
            _ = try catalog.createExperiment(in: path[0], new)
        }
    }

    private func createChannel(_ create: CreateResource, _ path: [String]) throws(DatabaseError) {
        let options = create.options
        try refuseUnsupported(options)
        guard let type = options.type, let dataType = options.dataType else {
            throw DatabaseError(
                "42601", "a channel needs TYPE and DATATYPE", position: create.position.source)
        }
        let voxelType = try voxelType(dataType)
        let experiment = try asking(create.path.position) { () throws(CatalogError) in
            try catalog.experiment(path[1], in: path[0])
        }
        try checkBase(options.baseResolution, levelCount: experiment.levelCount)
        var new = NewChannel(
            name: path[2], kind: type.value == .image ? .image : .annotation, voxelType: voxelType,
            description: options.description?.value ?? "")
        new.baseResolution = options.baseResolution?.value ?? 0
        new.defaultTimeSample = options.defaultTime.map { Int($0.value) } ?? 0
        if let size = options.cuboid { new.cuboid = VoxelExtent(x: size.x, y: size.y, z: size.z) }
        new.compression = try compression(options.codec)
        if let background = options.background { new.background = try voxelBits(background, voxelType) }
        new.sources = try linkedChannels(options.sources, of: path) ?? []
        new.related = try linkedChannels(options.related, of: path) ?? []
        let filled = new
        try changing(OptionPlaces(options), create.path.position) { () throws(CatalogError) in
            _ = try catalog.createChannel(in: path[0], path[1], filled)
        }
    }
}

/// Options of channels and experiments in the catalog's terms.
extension StatementExecutor {
    /// Refuses what no channel has in this version.
    func refuseUnsupported(_ options: ResourceOptions) throws(DatabaseError) {
        if let position = options.levelWrites { throw Self.notSupported("LEVEL WRITES", position) }
        if let position = options.autoDownsample { throw Self.notSupported("AUTO DOWNSAMPLE", position) }
    }

    /// The step of a time axis as it was written.
    func timeStep(_ time: TimeAxisSyntax?) throws(DatabaseError) -> (value: Double, unit: TimeUnit)? {
        guard let step = time?.step else { return nil }
        guard let unit = step.value.unit.timeUnit else {
            throw Self.mismatch("a time such as 5ms", step.position)
        }
        return (step.value.value, unit)
    }

    /// Levels are numbered to 30, and an experiment's levels begin at a channel's base resolution.
    func checkBase(_ base: Located<Int>?, levelCount: Int) throws(DatabaseError) {
        guard let base, base.value < levelCount else { return }
        let largest = ResolutionLevel.maximum + 1 - levelCount
        guard base.value <= largest else {
            throw DatabaseError(
                "22023", "BASE RES cannot be \(base.value) with \(levelCount) levels",
                hint: "allowed: 0 to \(largest), since levels go up to \(ResolutionLevel.maximum)",
                position: base.position.source)
        }
    }

    /// The names of linked channels, which must be in the same experiment. A single name means one there.
    ///
    /// - Parameter channel: the channel that gets the links, full path.
    func linkedChannels(_ paths: [PathSyntax]?, of channel: [String]) throws(DatabaseError) -> [String]? {
        guard let paths else { return nil }
        var names: [String] = []
        for path in paths {
            let depth = path.segments.count == 1 ? 1 : 3
            var target = try segments(path, depth: depth)
            if depth == 1 { target = channel.prefix(2) + target }
            guard target.prefix(2) == channel.prefix(2) else {
                throw DatabaseError(
                    "22023",
                    "\(target.joined(separator: "/")) is not in experiment \(channel[0])/\(channel[1])",
                    hint: "only channels of one experiment can be linked", position: path.position.source)
            }
            // The channel itself is refused by the catalog, with a better reason.
            if target != channel, try !exists(CatalogResource(segments: target), path.position) {
                throw unknown("channel", target, path.position)
            }
            names.append(target[2])
        }
        return names
    }

    private func voxelType(_ name: Located<TypeName>) throws(DatabaseError) -> VoxelType {
        guard let type = VoxelType(rawValue: name.value.rawValue) else {
            let all = VoxelType.allCases.map(\.rawValue).joined(separator: ", ")
            throw DatabaseError(
                "22023", "a channel cannot hold \(name.value.rawValue)", hint: "allowed: \(all)",
                position: name.position.source)
        }
        return type
    }

    /// BLOSC lets every brick take what suits it; the other words are the catalog's own.
    private func compression(_ codec: Located<CodecName>?) throws(DatabaseError) -> ChannelCompression {
        guard let codec, codec.value != .blosc else { return .automatic }
        guard let compression = ChannelCompression(rawValue: codec.value.rawValue) else {
            throw Self.notSupported("CODEC \(codec.value.rawValue)", codec.position)
        }
        return compression
    }
}

extension Hierarchy {
    /// The catalog's word.
    var method: HierarchyMethod { self == .isotropic ? .isotropic : .anisotropic }
}
