import BossDatabase
import BossFormats
import BossGeometry
import BossVoxels

/// INSERT CUTOUT and DELETE CUTOUT.
extension StatementExecutor {
    /// Runs INSERT CUTOUT: shape and type must match the region and the channel.
    mutating func insertCutout(_ insert: InsertCutout) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(insert.position)
        let channel = try channel(insert.path)
        try refuseFill(insert.region)
        let bound = try bindWritten(insert.region, of: channel)
        let mode = insert.mode?.value ?? .overwrite
        switch insert.source {
        case .query(let query): throw Self.notSupported("INSERT … SELECT", query.position)
        case .parameter(let number, let position):
            guard case .volume(let volume) = try parameter(number, position) else {
                throw DatabaseError(
                    "42804", "parameter $\(number) is not a volume",
                    hint: "bind an array, for example .param set 1 @block.npy",
                    position: position.source)
            }
            return try locating(position) { () throws(DatabaseError) in try write(volume, bound, mode) }
        case .file(let name, let format):
            try refuseUnknownFormat(format)
            return try locating(name.position) { () throws(DatabaseError) in
                try insertFile(name, format, bound, mode)
            }
        }
    }

    /// The region of a write, unclipped in `requested` so that shapes can be compared.
    private mutating func bindWritten(
        _ region: RegionSyntax, of channel: Channel
    ) throws(DatabaseError) -> (bound: BoundRegion, full: VoxelBox) {
        guard case .clip? = region.outside?.policy else {
            let bound = try bind(region, of: channel, forWriting: true)
            try refuseCoarserLevel(bound, region)
            return (bound, bound.requested)
        }
        var open = region
        open.outside = OutsideClause(policy: .fill(nil), position: region.position)
        let full = try bind(open, of: channel).requested
        let bound = try bind(region, of: channel)
        try refuseCoarserLevel(bound, region)
        return (bound, full)
    }

    /// - Throws: 55V01 for another level than the base level.
    func refuseCoarserLevel(_ bound: BoundRegion, _ region: RegionSyntax) throws(DatabaseError) {
        let base = bound.channel.hierarchy.baseResolution
        guard bound.level.level != base else { return }
        throw DatabaseError(
            "55V01", "\(bound.channel.path) takes writes at resolution \(base), not \(bound.level)",
            hint: "write there, then DOWNSAMPLE \(bound.channel.path)",
            position: (region.resolution?.position ?? region.position).source)
    }

    func refuseFill(_ region: RegionSyntax) throws(DatabaseError) {
        guard case .fill? = region.outside?.policy, let position = region.outside?.position else { return }
        throw DatabaseError(
            "22023", "OUTSIDE FILL is for reading", hint: "OUTSIDE CLIP drops what lies outside",
            position: position.source)
    }

    /// Compares shape and type, and writes the part inside the extent.
    private mutating func write(
        _ volume: AnyVolume, _ target: (bound: BoundRegion, full: VoxelBox), _ mode: WriteMode
    ) throws(DatabaseError) -> ResultValue {
        let (bound, full) = target
        let channel = bound.channel
        guard volume.voxelType == channel.voxelType else {
            throw DatabaseError(
                "22V04",
                "\(channel.path) holds \(channel.voxelType.rawValue), the volume \(volume.voxelType.rawValue)",
                hint: "convert the array first, for example with numpy's astype")
        }
        let wanted =
            (bound.hasTimeAxis ? [bound.time.count] : []) + [full.extent.z, full.extent.y, full.extent.x]
        guard Self.isShape(volume.shape, of: wanted) else {
            throw DatabaseError(
                "22V03",
                "the volume has shape \(volume.shape), the region \(wanted) (axes \(bound.hasTimeAxis ? "T, " : "")Z, Y, X)"
            )
        }
        var source = try mappingErrors { () throws(VoxelError) in
            try volume.reshaped(
                axes: [.t, .z, .y, .x],
                shape: [bound.time.count, full.extent.z, full.extent.y, full.extent.x])
        }
        if full != bound.requested { source = try cropped(source, full, to: bound.requested) }
        let summary = try channel.write(
            source, at: bound.requested.lower, time: bound.time.lowerBound, mode: mode, in: state.transaction,
            control: control)
        return .tag("INSERT", count: UInt64(summary.changedVoxelCount))
    }

    /// Whether lengths are those of a region: axes of length 1 may be left out, or one stand in front.
    private static func isShape(_ shape: [Int], of wanted: [Int]) -> Bool {
        if shape.count >= wanted.count {
            return shape == Array(repeating: 1, count: shape.count - wanted.count) + wanted
        }
        var rest = shape[...]
        for length in wanted {
            if rest.first == length {
                rest.removeFirst()
            } else if length != 1 {
                return false
            }
        }
        return rest.isEmpty
    }

    private func cropped(_ volume: AnyVolume, _ full: VoxelBox, to part: VoxelBox) throws(DatabaseError)
        -> AnyVolume
    {
        let (samples, byteCount) = (volume.length(.t), volume.voxelType.byteCount)
        var result = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: volume.voxelType, axes: [.t, .z, .y, .x],
                shape: [samples, part.extent.z, part.extent.y, part.extent.x], zeroed: false)
        }
        let origin = VoxelPoint(
            x: part.lower.x - full.lower.x, y: part.lower.y - full.lower.y, z: part.lower.z - full.lower.z)
        result.withUnsafeMutableBytes { target in
            volume.withUnsafeBytes { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                for sample in 0..<samples {
                    VoxelCopy.copyBox(
                        from: from + sample * full.voxelCount * byteCount, sourceExtent: full.extent,
                        sourceOrigin: origin, to: to + sample * part.voxelCount * byteCount,
                        destinationExtent: part.extent, destinationOrigin: .zero, extent: part.extent,
                        voxelByteCount: byteCount)
                }
            }
        }
        return result
    }

    private mutating func insertFile(
        _ name: Located<String>, _ format: FormatClause?, _ target: (bound: BoundRegion, full: VoxelBox),
        _ mode: WriteMode
    ) throws(DatabaseError) -> ResultValue {
        let bound = target.bound
        let reader = try mappingErrors { () throws(FormatError) in
            try VolumeFiles.open(
                pattern: name.value, format: volumeFormat(format),
                raw: RawLayout(
                    voxelType: bound.channel.voxelType, extent: target.full.extent,
                    timeSampleCount: bound.time.count))
        }
        guard reader.extent == target.full.extent, reader.timeSampleCount == bound.time.count else {
            throw DatabaseError(
                "22V03",
                "\(name.value) has \(reader.extent) voxels and \(reader.timeSampleCount) time samples, "
                    + "the region \(target.full.extent) and \(bound.time.count)")
        }
        // Small files take the way of small writes, through the log and only the touched bricks.
        let byteCount = target.full.voxelCount.multipliedReportingOverflow(by: reader.voxelType.byteCount)
        let isSmall = !byteCount.overflow && byteCount.partialValue < database.options.bulkByteCount
        let isDirect = isSmall && reader.voxelType == bound.channel.voxelType
        if state.transaction == nil, target.full == bound.requested, !isDirect {
            let summary = try bound.channel.importVolume(
                reader, at: bound.requested.lower, time: bound.time.lowerBound, mode: mode, control: control,
                action: "INSERT CUTOUT INTO \(bound.channel.path)")
            return .tag("INSERT", count: UInt64(summary.changedVoxelCount))
        }
        return try write(load(reader, as: bound.channel.voxelType), target, mode)
    }

    private func load(_ reader: any VolumeReader) throws(DatabaseError) -> AnyVolume {
        let limit = state.settings.maxResultBytes
        let count = reader.sliceByteCount.multipliedReportingOverflow(
            by: reader.extent.z * reader.timeSampleCount)
        guard !count.overflow, count.partialValue <= limit else {
            throw DatabaseError(
                "54V01", "\(reader.name) is larger than \(limit) bytes",
                hint: "IMPORT it outside a transaction")
        }
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: reader.voxelType, axes: [.t, .z, .y, .x],
                shape: [reader.timeSampleCount, reader.extent.z, reader.extent.y, reader.extent.x],
                zeroed: false)
        }
        let sampleByteCount = reader.sliceByteCount * reader.extent.z
        let loaded = volume.withUnsafeMutableBytes { bytes in
            Result { () throws(FormatError) in
                for time in 0..<reader.timeSampleCount {
                    let part = UnsafeMutableRawBufferPointer(
                        rebasing: bytes[time * sampleByteCount..<(time + 1) * sampleByteCount])
                    try reader.read(z: 0..<reader.extent.z, time: time, into: part)
                }
            }
        }
        try mappingErrors { () throws(FormatError) in try loaded.get() }
        return volume
    }

    /// The voxels of a file in the channel's type, where that loses nothing.
    private func load(_ reader: any VolumeReader, as type: VoxelType) throws(DatabaseError) -> AnyVolume {
        let volume = try load(reader)
        return try mappingErrors { () throws(VoxelError) in try VoxelWidening.widened(volume, to: type) }
    }

    /// Runs DELETE CUTOUT.
    mutating func deleteCutout(_ delete: DeleteCutout) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(delete.position)
        if let condition = delete.condition { return try deleteVoxels(delete, where: condition) }
        let channel = try channel(delete.path)
        try refuseFill(delete.region)
        let bound = try bind(delete.region, of: channel, forWriting: true)
        let summary = try locating(delete.position) { () throws(DatabaseError) in
            try channel.erase(bound.cutout(bound.requested), in: state.transaction, control: control)
        }
        return .tag("DELETE", count: summary.isCounted ? UInt64(summary.changedVoxelCount) : nil)
    }
}
