import BossCatalog
import BossDatabase
import BossGeometry
import BossVoxels

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// DESCRIBE path: the properties of a collection, an experiment or a channel.
extension StatementExecutor {
    /// Rows of property and value, both text.
    ///
    /// - Throws: 42P01 naming near matches.
    mutating func describe(_ path: PathSyntax, _ position: NodePosition) throws(DatabaseError) -> ResultValue
    {
        var list = PropertyList()
        switch try resource(path) {
        case .collection(let name): try describeCollection(name, path.position, &list)
        case .experiment(let collection, let experiment):
            try describeExperiment(experiment, in: collection, path.position, &list)
        case .channel(let collection, let experiment, let channel):
            try locating(path.position) { () throws(DatabaseError) in
                try describe(
                    database.channel("\(collection)/\(experiment)/\(channel)", in: catalog), &list)
            }
        }
        return .rows(list.rows)
    }

    private func describeCollection(
        _ name: String, _ position: NodePosition, _ list: inout PropertyList
    ) throws(DatabaseError) {
        let (record, experiments) = try asking(position) { () throws(CatalogError) in
            (try catalog.collection(name), try catalog.experiments(in: name))
        }
        list.add("path", record.name)
        list.add("kind", "COLLECTION")
        list.add("description", record.description)
        list.add("experiments", experiments.map(\.name))
        list.add("created_at", microseconds: record.createdAtMicroseconds)
    }

    private func describeExperiment(
        _ name: String, in collection: String, _ position: NodePosition, _ list: inout PropertyList
    ) throws(DatabaseError) {
        let (record, channels, frame) = try asking(position) { () throws(CatalogError) in
            let record = try catalog.experiment(name, in: collection)
            return (
                record, try catalog.channels(in: collection, name),
                try catalog.coordinateFrame(record.coordinateFrameName)
            )
        }
        list.add("path", "\(collection)/\(record.name)")
        list.add("kind", "EXPERIMENT")
        list.add("description", record.description)
        list.add("frame", frame.name)
        list.add(frame.frame.box)
        list.add("voxel_size", frame.frame.voxelSize, frame.frame.unit)
        list.add("levels", "\(record.levelCount)")
        list.add("hierarchy", record.hierarchyMethod.rawValue.uppercased())
        list.add(timeOf: record)
        list.add("channels", channels.map(\.name))
        list.add("created_at", microseconds: record.createdAtMicroseconds)
    }

    private func describe(_ channel: Channel, _ list: inout PropertyList) throws(DatabaseError) {
        let (record, hierarchy) = (channel.record.channel, channel.hierarchy)
        let base = try mappingErrors { () throws(GeometryError) in
            try hierarchy.level(hierarchy.baseResolution)
        }
        list.add("path", channel.path)
        list.add("kind", "CHANNEL")
        list.add("type", record.kind.rawValue.uppercased())
        list.add("datatype", record.voxelType.rawValue)
        list.add("description", record.description)
        list.add("frame", channel.record.coordinateFrame.name)
        list.add(channel.box(at: base))
        list.add("voxel_size", hierarchy.voxelSize(at: base), hierarchy.frame.unit)
        list.add("base_res", "\(hierarchy.baseResolution)")
        list.add("levels", Self.span(hierarchy.baseResolution, hierarchy.lastLevel))
        list.add("hierarchy", hierarchy.method.rawValue.uppercased())
        if let first = hierarchy.firstDistinctIsotropicLevel {
            list.add("isotropic_levels", Self.span(first, hierarchy.lastLevel))
        }
        list.add(timeOf: channel.record.experiment)
        list.add("default_time", "\(record.defaultTimeSample)")
        list.add("cuboid", record.grid.cuboid.description)
        list.add("brick", record.grid.brick.description)
        list.add("codec", record.compression.word)
        let background = record.voxelType.literal(of: record.background)
        list.add("background", SyntaxPrinter.spelling(of: background))
        list.add("sources", record.sources)
        list.add("related", record.related)
        try describeStorage(channel, &list)
        list.add("created_at", microseconds: record.createdAtMicroseconds)
    }

    private static func span(_ first: Int, _ last: Int) -> String {
        first == last ? "\(first)" : "\(first) to \(last)"
    }

    private func describeStorage(_ channel: Channel, _ list: inout PropertyList) throws(DatabaseError) {
        let view = try currentView()
        var total: (pageCount: UInt64, byteCount: UInt64)? = (0, 0)
        var (stale, missing): ([String], [String]) = ([], [])
        for level in channel.storedLevels {
            if let size = try channel.pageCount(at: level, view: view), let sum = total {
                total = (sum.pageCount + size.pageCount, sum.byteCount + size.byteCount)
            } else {
                total = nil
            }
            let region = CutoutRegion(box: channel.box(at: level), level: level)
            switch try channel.freshness(of: region, view: view) {
            case .current: break
            case .stale: stale.append(level.description)
            case .missing: missing.append(level.description)
            }
        }
        list.add("pages", total.map { "\($0.pageCount)" } ?? "")
        list.add("stored_bytes", total.map { "\($0.byteCount)" } ?? "")
        var states: [String] = []
        if !stale.isEmpty { states.append("stale: \(stale.joined(separator: ", "))") }
        if !missing.isEmpty { states.append("not built: \(missing.joined(separator: ", "))") }
        list.add("downsampled", states.isEmpty ? "current" : states.joined(separator: "; "))
    }
}

/// Rows of a description; properties without a value are left out.
private struct PropertyList {
    private(set) var rows = RowSet(columns: [Column("property", .text), Column("value", .text)])

    mutating func add(_ property: String, _ value: String) {
        if !value.isEmpty { rows.rows.append([.text(property), .text(value)]) }
    }

    mutating func add(_ property: String, _ names: [String]) { add(property, names.joined(separator: ", ")) }

    mutating func add(_ box: VoxelBox) {
        for axis in SpatialAxis.allCases {
            add(axis.rawValue.lowercased(), "\(box[axis].lowerBound):\(box[axis].upperBound)")
        }
    }

    mutating func add(_ property: String, _ size: PhysicalSize, _ unit: LengthUnit) {
        let lengths = SpatialAxis.allCases.map {
            SyntaxPrinter.spelling(of: Quantity(value: size[$0], unit: unit.measurementUnit))
        }
        add(property, lengths.joined(separator: ", "))
    }

    mutating func add(timeOf experiment: ExperimentRecord) {
        add("time_samples", "\(experiment.timeSampleCount)")
        guard let step = experiment.timeStep, let unit = experiment.timeStepUnit else { return }
        add("time_step", SyntaxPrinter.spelling(of: Quantity(value: step, unit: unit.measurementUnit)))
    }

    /// A time in ISO 8601, UTC, whole seconds.
    mutating func add(_ property: String, microseconds: Int64) {
        add(property, Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).formatted(.iso8601))
    }
}
