import BossDatabase
import BossGeometry
import BossVoxels

/// SELECT CUTOUT, SLICE and IMAGE.
extension StatementExecutor {
    /// Runs a volume query.
    mutating func selectVolume(_ query: VolumeQuery) throws(DatabaseError) -> ResultValue {
        if query.artifact.value == .mesh { return try selectMesh(query) }
        let bound = try bind(query)
        let plan = try OutputPlan(query, isAnnotation: bound.channel.isAnnotation)
        try plan.refuseLargePicture(of: bound)
        let volume = try read(bound, limit: state.settings.maxResultBytes)
        let result = try shape(volume, bound, query.artifact.value)
        return try output(result, plan)
    }

    /// Binds source and region, and refuses what this version does not run.
    mutating func bind(_ query: VolumeQuery) throws(DatabaseError) -> BoundRegion {
        try refuseUnsupported(query)
        let channel = try source(query.sources[0].path)
        let bound = try bind(query.region, of: channel)
        switch query.artifact.value {
        case .slice, .image:
            guard bound.singleAxes.count == 1, !bound.hasTimeAxis else {
                let name = query.artifact.value.rawValue
                throw DatabaseError(
                    "22023", "\(name) needs exactly one of X, Y and Z as one value, and no range of T",
                    hint: "for example SELECT \(name) FROM \(channel.path) Z 100",
                    position: query.position.source)
            }
        case .cutout, .tile, .mesh: break
        }
        return bound
    }

    func refuseUnsupported(_ query: VolumeQuery) throws(DatabaseError) {
        if query.artifact.value == .tile { throw Self.notSupported("SELECT TILE", query.artifact.position) }
        if let expression = query.expression {
            throw Self.notSupported("a voxel expression", expression.position)
        }
        if query.sources.count != 1 {
            throw Self.notSupported("more than one source", query.sources[1].path.position)
        }
        if let plane = query.plane { throw Self.notSupported("PLANE", plane.position) }
        if let condition = query.condition { throw Self.notSupported("WHERE on voxels", condition.position) }
        if let projection = query.projection { throw Self.notSupported("PROJECT", projection.position) }
        if case .channel(let path)? = query.destination {
            throw Self.notSupported("INTO a channel", path.position)
        }
    }

    /// Reads a bound region; voxels outside the extent get the fill value.
    mutating func read(_ bound: BoundRegion, limit: Int) throws(DatabaseError) -> AnyVolume {
        let byteCount = bound.voxelCount.multipliedReportingOverflow(by: bound.channel.voxelType.byteCount)
        let isCountable = bound.voxelCount < Int.max && !byteCount.overflow
        guard isCountable, byteCount.partialValue <= limit else {
            let size =
                !isCountable ? "more bytes than can be counted" : "\(byteCount.partialValue) bytes"
            throw DatabaseError(
                "54V01", "the result would have \(size), max_result_bytes is \(limit)",
                hint: "ask for a smaller region or a coarser level, or SET max_result_bytes",
                position: bound.position.source)
        }
        let view = try currentView()
        try warnIfStale(bound, view)
        guard bound.inside != bound.requested else {
            return try locating(bound.position) { () throws(DatabaseError) in
                try bound.channel.read(
                    bound.cutout(bound.requested), view: view, control: control, statistics: &statistics)
            }
        }
        return try readFilled(bound, view)
    }

    private mutating func readFilled(_ bound: BoundRegion, _ view: DatabaseView) throws(DatabaseError)
        -> AnyVolume
    {
        let (extent, type) = (bound.requested.extent, bound.channel.voxelType)
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: type, axes: [.t, .z, .y, .x],
                shape: [bound.time.count, extent.z, extent.y, extent.x],
                zeroed: false)
        }
        let part = try bound.inside.map { (inside) throws(DatabaseError) in
            try bound.channel.read(
                bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        let sampleByteCount = bound.requested.voxelCount * type.byteCount
        volume.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            for sample in 0..<bound.time.count {
                let start = base + sample * sampleByteCount
                VoxelCopy.fillBox(
                    in: start, destinationExtent: extent, destinationOrigin: .zero, extent: extent,
                    voxelByteCount: type.byteCount, valueBits: bound.fillBits)
                guard let part, let inside = bound.inside else { continue }
                part.withUnsafeBytes { source in
                    guard let bytes = source.baseAddress else { return }
                    VoxelCopy.copyBox(
                        from: bytes + sample * inside.voxelCount * type.byteCount,
                        sourceExtent: inside.extent,
                        sourceOrigin: .zero, to: start, destinationExtent: extent,
                        destinationOrigin: VoxelPoint(
                            x: inside.lower.x - bound.requested.lower.x,
                            y: inside.lower.y - bound.requested.lower.y,
                            z: inside.lower.z - bound.requested.lower.z),
                        extent: inside.extent, voxelByteCount: type.byteCount)
                }
            }
        }
        return volume
    }

    /// 01V01 for a level older than the base level, 22V06 for one that was never built.
    mutating func warnIfStale(_ bound: BoundRegion, _ view: DatabaseView) throws(DatabaseError) {
        guard let inside = bound.inside else { return }
        let freshness = try locating(bound.position) { () throws(DatabaseError) in
            try bound.channel.freshness(of: bound.cutout(inside), view: view)
        }
        switch freshness {
        case .current: return
        case .stale:
            warnings.append(
                Warning(
                    sqlState: "01V01",
                    message:
                        "resolution \(bound.level) of \(bound.channel.path) "
                        + (isReadingPast
                            ? "was older than the base level here in this version"
                            : "is older than the base level here; DOWNSAMPLE \(bound.channel.path) rebuilds it")
                ))
        case .missing:
            throw Self.neverBuilt(bound.level, bound.channel, bound.position, in: reading?.version)
        }
    }

    /// 22V06 for a level without voxels.
    ///
    /// - Parameter version: the older state that was read, which nothing changes any more.
    static func neverBuilt(
        _ level: ResolutionLevel, _ channel: Channel, _ position: NodePosition,
        in version: VersionReference.Kind?
    ) -> DatabaseError {
        guard let version else {
            return DatabaseError(
                "22V06", "resolution \(level) of \(channel.path) was never built",
                hint: "DOWNSAMPLE \(channel.path)", position: position.source)
        }
        return DatabaseError(
            "22V06",
            "resolution \(level) of \(channel.path) was not built yet in @\(SyntaxPrinter.spelling(of: version))",
            hint: "read resolution \(channel.hierarchy.baseResolution), or a version after its DOWNSAMPLE",
            position: position.source)
    }

    /// Whether the path of the statement names an older state.
    var isReadingPast: Bool { reading?.version != nil }

    /// Gives the result its axes: time only when asked for as a range, one axis less for slices.
    private func shape(
        _ volume: AnyVolume, _ bound: BoundRegion, _ artifact: VolumeArtifact
    ) throws(DatabaseError) -> VolumeResult {
        var axes: [Axis] = bound.hasTimeAxis ? [.t] : []
        for axis in [SpatialAxis.z, .y, .x] where artifact == .cutout || !bound.singleAxes.contains(axis) {
            axes.append(axis.axis)
        }
        func spatial(_ axis: Axis) -> SpatialAxis? { SpatialAxis(rawValue: axis.rawValue) }
        let shape = axes.map { axis in spatial(axis).map { bound.requested.extent[$0] } ?? bound.time.count }
        let origin = axes.map { axis in
            spatial(axis).map { bound.requested.lower[$0] } ?? bound.time.lowerBound
        }
        let shaped = try mappingErrors { () throws(VoxelError) in
            try volume.reshaped(axes: axes, shape: shape)
        }
        return VolumeResult(
            volume: shaped, origin: origin, resolution: bound.level.level,
            isAnnotation: bound.channel.isAnnotation)
    }
}
