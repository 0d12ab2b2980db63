import BossDatabase
import BossGeometry
import BossVoxels

/// SELECT CUTOUT, SLICE and IMAGE.
extension StatementExecutor {
    /// Runs a volume query.
    mutating func selectVolume(_ query: VolumeQuery) throws(DatabaseError) -> ResultValue {
        if query.artifact.value == .mesh { return try selectMesh(query) }
        let bound = try bind(query)
        let plan = try OutputPlan(query, isAnnotation: bound.isAnnotation)
        try plan.refuseLargePicture(of: bound)
        let volume = try read(bound, limit: state.settings.maxResultBytes)
        let result = try shape(volume, bound, query.artifact.value)
        return try output(result, plan)
    }

    /// Reads a bound region; voxels outside the extent get the fill value.
    mutating func read(_ bound: BoundRegion, limit: Int) throws(DatabaseError) -> AnyVolume {
        try read(BoundVolume(bound), limit: limit)
    }

    /// Reads what a volume query makes of a region; voxels outside of what is read get the fill value.
    mutating func read(_ volume: BoundVolume, limit: Int) throws(DatabaseError) -> AnyVolume {
        let bound = volume.region
        let byteCount = volume.voxelCount.multipliedReportingOverflow(by: volume.voxelType.byteCount)
        let isCountable = volume.voxelCount < Int.max && !byteCount.overflow
        guard isCountable, byteCount.partialValue <= limit else {
            let size =
                !isCountable ? "more bytes than can be counted" : "\(byteCount.partialValue) bytes"
            throw DatabaseError(
                "54V01", "the result would have \(size), max_result_bytes is \(limit)",
                hint: "ask for a smaller region or a coarser level, or SET max_result_bytes",
                position: bound.position.source)
        }
        let view = try currentView()
        for channel in volume.channels { try warnIfStale(bound.of(channel), view) }
        guard bound.inside != bound.requested else { return try read(volume, bound.requested, view) }
        return try readFilled(volume, view)
    }

    private mutating func read(
        _ volume: BoundVolume, _ box: VoxelBox, _ view: DatabaseView
    ) throws(DatabaseError) -> AnyVolume {
        let (region, channel) = (volume.region.cutout(box), volume.region.channel)
        return try locating(volume.region.position) { () throws(DatabaseError) in
            guard let projection = volume.projection else {
                return try volume.content.read(
                    region, of: channel, view: view, control: control, statistics: &statistics)
            }
            return try channel.project(
                region, volume.content, projection.function, along: projection.axes, view: view,
                control: control, statistics: &statistics)
        }
    }

    private mutating func readFilled(_ query: BoundVolume, _ view: DatabaseView) throws(DatabaseError)
        -> AnyVolume
    {
        let bound = query.region
        let (extent, type) = (bound.requested.extent, query.voxelType)
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: type, axes: [.t, .z, .y, .x],
                shape: [bound.time.count, extent.z, extent.y, extent.x],
                zeroed: false)
        }
        let part = try bound.inside.map { (inside) throws(DatabaseError) in
            try read(query, inside, view)
        }
        let sampleByteCount = bound.requested.voxelCount * type.byteCount
        volume.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            for sample in 0..<bound.time.count {
                let start = base + sample * sampleByteCount
                VoxelCopy.fillBox(
                    in: start, destinationExtent: extent, destinationOrigin: .zero, extent: extent,
                    voxelByteCount: type.byteCount, valueBits: query.fillBits)
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

    /// Gives the result its axes.
    private func shape(
        _ volume: AnyVolume, _ query: BoundVolume, _ artifact: VolumeArtifact
    ) throws(DatabaseError) -> VolumeResult {
        let bound = query.region
        let axes = query.axes(of: artifact)
        let origin = axes.map { axis in
            SpatialAxis(rawValue: axis.rawValue).map { bound.requested.lower[$0] } ?? bound.time.lowerBound
        }
        let shaped = try mappingErrors { () throws(VoxelError) in
            try volume.reshaped(axes: axes, shape: axes.map(query.length))
        }
        return VolumeResult(
            volume: shaped, origin: origin, resolution: bound.level.level,
            isAnnotation: query.isAnnotation)
    }
}
