package import BossGeometry
import BossStorage
package import BossVoxels
import Synchronization

extension Channel {
    /// Folds a region along axes, in memory that does not grow with their lengths.
    ///
    /// - Parameters:
    ///   - content: what is made of the voxels before they are folded.
    ///   - dropped: axes that have length 1 in the result.
    /// - Returns: axes t, z, y, x.
    /// - Throws: 22003 for a sum that leaves its type, or 2^32 voxels in one of the result; 54V01 for a large result;
    ///   as reading.
    package func project(
        _ region: CutoutRegion, _ content: VoxelContent, _ function: VoxelProjectionFunction,
        along dropped: Set<Axis>, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try check(region)
        let job = ProjectionJob(
            channel: self, content: content, function: function, dropped: dropped, region: checked,
            view: view,
            control: control)
        return try job.run(&statistics)
    }
}

/// One projection: tiles of the result, each folded part by part.
private struct ProjectionJob {
    let channel: Channel
    let content: VoxelContent
    let function: VoxelProjectionFunction
    let dropped: Set<Axis>
    let region: Channel.CheckedRegion
    let view: DatabaseView
    let control: OperationControl

    private var spatial: Set<SpatialAxis> { Set(SpatialAxis.allCases.filter { dropped.contains($0.axis) }) }
    private var type: VoxelType { content.voxelType(of: channel) }
    private var result: VoxelType { function.result(of: type) }

    /// The box of the result, the dropped axes of length 1.
    private func collapsed(_ box: VoxelBox) -> VoxelBox {
        func range(_ axis: SpatialAxis) -> Range<Int> {
            let range = box[axis]
            return dropped.contains(axis.axis) ? range.lowerBound..<range.lowerBound + 1 : range
        }
        return VoxelBox(x: range(.x), y: range(.y), z: range(.z))
    }

    /// A tile of the result with all voxels that are folded for it.
    private func extended(_ tile: VoxelBox) -> VoxelBox {
        func range(_ axis: SpatialAxis) -> Range<Int> {
            dropped.contains(axis.axis) ? region.box[axis] : tile[axis]
        }
        return VoxelBox(x: range(.x), y: range(.y), z: range(.z))
    }

    func run(_ statistics: inout ReadStatistics) throws(DatabaseError) -> AnyVolume {
        let box = collapsed(region.box)
        let samples = dropped.contains(.t) ? [region.time] : region.time.map { $0..<$0 + 1 }
        let target = Channel.CheckedRegion(
            level: region.level, box: box,
            time: region.time.lowerBound..<region.time.lowerBound + samples.count,
            hasTimeAxis: true)
        _ = try channel.checkResult(target, as: result)
        let folded = region.voxelCount / max(1, target.voxelCount)
        guard folded < 1 << 32 else {
            throw DatabaseError(
                "22003", "\(folded) voxels of \(channel.path) would become one",
                hint: "fewer than 2^32 can; STATS takes any number")
        }
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: result, axes: [.t, .z, .y, .x],
                shape: [samples.count, box.extent.z, box.extent.y, box.extent.x], zeroed: false)
        }
        let filled = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                guard let base = memory.baseAddress else { return }
                for (number, times) in samples.enumerated() {
                    let sample = base + number * box.voxelCount * result.byteCount
                    for tile in channel.layout.grid.parts(of: box, voxelCount: Channel.partVoxelLimit) {
                        try fold(tile, times, folded, into: sample, box, &statistics)
                    }
                }
            }
        }
        try filled.get()
        return volume
    }

    private func fold(
        _ tile: VoxelBox, _ times: Range<Int>, _ foldedCount: Int, into sample: UnsafeMutableRawPointer,
        _ box: VoxelBox, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        let source = extended(tile)
        let projection = VoxelProjection(
            function, of: type, background: content.backgroundBits(of: channel), in: source, dropping: spatial
        )
        let parts = channel.layout.grid.parts(of: source, voxelCount: Channel.partVoxelLimit)
        let largest = parts.map(\.voxelCount).max() ?? 0
        let scratch = VoxelStorage(byteCount: largest * type.byteCount, zeroed: false)
        let added = scratch.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                for time in times {
                    for part in parts {
                        try control.cancellation.check()
                        try add(part, time, to: projection, memory, &statistics)
                    }
                }
            }
        }
        try added.get()
        let finished = VoxelStorage(byteCount: projection.count * result.byteCount, zeroed: false)
        finished.withUnsafeMutableBytes { memory in
            guard let memory = memory.baseAddress else { return }
            projection.finish(foldedCount: foldedCount, into: memory)
            VoxelCopy.copyBox(
                from: memory, sourceExtent: tile.extent, sourceOrigin: .zero, to: sample,
                destinationExtent: box.extent, destinationOrigin: tile.lower.relative(to: box.lower),
                extent: tile.extent, voxelByteCount: result.byteCount)
        }
    }

    private func add(
        _ part: VoxelBox, _ time: Int, to projection: VoxelProjection,
        _ memory: UnsafeMutableRawBufferPointer, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        let own = Channel.CheckedRegion(
            level: region.level, box: part, time: time..<time + 1, hasTimeAxis: true)
        let voxels = UnsafeMutableRawBufferPointer(
            rebasing: memory[0..<part.voxelCount * type.byteCount])
        if try !content.fill(own, of: channel, view, control, into: voxels, &statistics) {
            guard let base = voxels.baseAddress else { return }
            VoxelCopy.fillBox(
                in: base, destinationExtent: part.extent, destinationOrigin: .zero, extent: part.extent,
                voxelByteCount: type.byteCount, valueBits: content.backgroundBits(of: channel))
        }
        let shares = shares(of: part)
        let source = SharedBytes(UnsafeRawBufferPointer(voxels))
        let isWhole = Atomic<Bool>(true)
        try channel.database.workers.forEach(shares.count) { (number) throws(DatabaseError) in
            if !projection.add(shares[number], from: source.base, of: part) {
                isWhole.store(false, ordering: .relaxed)
            }
        }
        guard isWhole.load(ordering: .relaxed) else {
            throw DatabaseError(
                "22003", "a sum over \(channel.path) does not fit \(result.rawValue)",
                hint: "project CAST(VALUE AS FLOAT64)")
        }
    }

    /// Shares of a part that fall on different accumulators; one where all falls on the same.
    private func shares(of part: VoxelBox) -> [VoxelBox] {
        let workers = channel.database.workers.count
        guard
            let axis = [SpatialAxis.y, .z, .x].first(where: {
                !dropped.contains($0.axis) && part[$0].count > 1
            })
        else { return [part] }
        let (range, count) = (part[axis], min(workers, part[axis].count))
        return (0..<count).map { number in
            let (low, high) = (number * range.count / count, (number + 1) * range.count / count)
            let share = range.lowerBound + low..<range.lowerBound + high
            func cut(_ other: SpatialAxis) -> Range<Int> { other == axis ? share : part[other] }
            return VoxelBox(x: cut(.x), y: cut(.y), z: cut(.z))
        }
    }
}
