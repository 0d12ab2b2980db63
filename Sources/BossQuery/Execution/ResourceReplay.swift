import BossCatalog
import BossDatabase
import BossGeometry
import BossVoxels

/// SHOW CREATE: statements that make the same things again.
extension StatementExecutor {
    /// `SHOW CREATE path`: the thing and everything in it, in an order that can be replayed.
    ///
    /// What only has to be there already, frames and parents, is made with IF NOT EXISTS.
    func createRows(_ path: PathSyntax) throws(DatabaseError) -> RowSet {
        let resource = try resource(path)
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        let statements = CreateStatements(resource, in: tree).statements
        return RowSet(
            columns: [Column("statement", .text)], rows: statements.map { [.text(String($0) + ";")] })
    }
}

/// The statements for a part of the catalog.
private struct CreateStatements {
    private(set) var statements: [Statement] = []
    private var madeFrames: Set<String> = []

    init(_ resource: CatalogResource, in tree: CatalogTree) {
        let names = resource.segments
        guard let collection = tree.collections.first(where: { $0.record.name == names[0] }) else { return }
        let experiments = collection.experiments.filter { names.count == 1 || $0.record.name == names[1] }
        for experiment in experiments { add(frame: experiment.record.coordinateFrameName, of: tree) }
        add(.collection, [names[0]], isParent: names.count > 1) {
            $0.options.describe(collection.record.description)
        }
        for experiment in experiments {
            let path = [names[0], experiment.record.name]
            add(experiment.record, path, isParent: names.count > 2)
            add(
                experiment.channels.filter { names.count < 3 || $0.name == names[2] }, path,
                isAlone: names.count == 3)
        }
    }

    private mutating func add(
        _ kind: ResourceKind, _ path: [String], isParent: Bool, _ fill: (inout CreateResource) -> Void
    ) {
        var create = CreateResource(
            kind: kind, path: .generated(path), ifNotExists: isParent, options: ResourceOptions(),
            position: .generated)
        fill(&create)
        statements.append(.createResource(create))
    }

    private mutating func add(frame name: String, of tree: CatalogTree) {
        guard madeFrames.insert(name).inserted,
            let record = tree.coordinateFrames.first(where: { $0.name == name })
        else { return }
        let (box, size) = (record.frame.box, record.frame.voxelSize)
        let unit = record.frame.unit.measurementUnit
        func clause(_ axis: SpatialAxis) -> AxisClause {
            AxisClause(
                range: .interval(
                    lower: .integer(Int64(box.lower[axis]), .generated),
                    upper: .integer(Int64(box.upper[axis]), .generated)), position: .generated)
        }
        add(.frame, [name], isParent: true) { create in
            create.frame = FrameSyntax(
                x: clause(.x), y: clause(.y), z: clause(.z),
                voxelX: .generated(Quantity(value: size.x, unit: unit)),
                voxelY: .generated(Quantity(value: size.y, unit: unit)),
                voxelZ: .generated(Quantity(value: size.z, unit: unit)))
            create.options.describe(record.description)
        }
    }

    private mutating func add(_ experiment: ExperimentRecord, _ path: [String], isParent: Bool) {
        add(.experiment, path, isParent: isParent) { create in
            create.options.describe(experiment.description)
            create.options.frame = .generated([experiment.coordinateFrameName])
            create.options.levels = .generated(experiment.levelCount)
            create.options.hierarchy = .generated(
                experiment.hierarchyMethod == .isotropic ? .isotropic : .anisotropic)
            var step: Located<Quantity>?
            if let value = experiment.timeStep, let unit = experiment.timeStepUnit {
                step = .generated(Quantity(value: value, unit: unit.measurementUnit))
            }
            if experiment.timeSampleCount > 1 || step != nil {
                create.options.time = TimeAxisSyntax(
                    sampleCount: .generated(experiment.timeSampleCount), step: step)
            }
        }
    }

    /// Links to channels that are made later are set at the end.
    private mutating func add(_ channels: [ChannelRecord], _ experiment: [String], isAlone: Bool) {
        var made: Set<String> = []
        var later: [ChannelRecord] = []
        for channel in channels {
            let canLink = isAlone || (channel.sources + channel.related).allSatisfy(made.contains)
            add(.channel, experiment + [channel.name], isParent: false) { create in
                create.options.describe(channel)
                if canLink { create.options.link(channel) }
            }
            made.insert(channel.name)
            if !canLink { later.append(channel) }
        }
        for channel in later {
            var options = ResourceOptions()
            options.link(channel)
            statements.append(
                .alterResource(
                    AlterResource(
                        kind: .channel, path: .generated(experiment + [channel.name]), action: .set(options),
                        position: .generated)))
        }
    }
}

extension ResourceOptions {
    fileprivate mutating func describe(_ text: String) {
        if !text.isEmpty { description = .generated(text) }
    }

    fileprivate mutating func describe(_ channel: ChannelRecord) {
        describe(channel.description)
        type = .generated(channel.kind == .image ? .image : .annotation)
        dataType = TypeName(rawValue: channel.voxelType.rawValue).map { .generated($0) }
        let size = channel.grid.cuboid
        cuboid = SizeSyntax(x: size.x, y: size.y, z: size.z, position: .generated)
        codec = CodecName(rawValue: channel.compression.word).map { .generated($0) }
        if channel.baseResolution > 0 { baseResolution = .generated(channel.baseResolution) }
        if channel.defaultTimeSample > 0 { defaultTime = .generated(Int64(channel.defaultTimeSample)) }
        if channel.background != 0 {
            background = .literal(channel.voxelType.literal(of: channel.background), .generated)
        }
    }

    fileprivate mutating func link(_ channel: ChannelRecord) {
        if !channel.sources.isEmpty { sources = channel.sources.map { .generated([$0]) } }
        if !channel.related.isEmpty { related = channel.related.map { .generated([$0]) } }
    }
}

extension VoxelType {
    /// The constant that stands for the bits of one voxel.
    func literal(of bits: UInt64) -> Literal {
        func signed(_ value: some BinaryInteger) -> Literal {
            value < 0 ? .signed(Int64(value)) : .unsigned(UInt64(value))
        }
        return switch self {
        case .uint8, .uint16, .uint32, .uint64: .unsigned(bits)
        case .int8: signed(Int8(truncatingIfNeeded: bits))
        case .int16: signed(Int16(truncatingIfNeeded: bits))
        case .int32: signed(Int32(truncatingIfNeeded: bits))
        case .int64: signed(Int64(truncatingIfNeeded: bits))
        case .float32: .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .float64: .float(Double(bitPattern: bits))
        }
    }
}

extension NodePosition {
    /// The position of a node that no text was read for.
    fileprivate static let generated = NodePosition(
        SourcePosition(utf8Offset: 0, line: 1, column: 1, length: 1))
}

extension Located {
    fileprivate static func generated(_ value: Content) -> Located { Located(value, .generated) }
}

extension PathSyntax {
    fileprivate static func generated(_ segments: [String]) -> PathSyntax {
        PathSyntax(segments: segments, position: .generated)
    }
}
