import BossGeometry
import BossStorage
public import BossVoxels

extension Channel {
    /// Reads a cutout.
    ///
    ///     let volume = try channel.read(CutoutRegion(box: VoxelBox(x: 0..<64, y: 0..<64, z: 0..<16)))
    ///
    /// - Parameters:
    ///   - region: lies inside the extent of its level.
    ///   - view: the state to read, the newest one by default.
    /// - Returns: axes z, y, x; with t in front when the region names time samples.
    /// - Throws: 22V01, 22V02, 22V06 for a region that does not fit, 54V01 for a result over
    ///   `DatabaseOptions.resultByteCountLimit`, XX001 naming what is damaged, 57014 when cancelled.
    public func read(
        _ region: CutoutRegion, view: DatabaseView? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> AnyVolume {
        var statistics = ReadStatistics()
        return try read(region, view: view, control: control, statistics: &statistics)
    }

    /// Reads a cutout and counts what was touched.
    public func read(
        _ region: CutoutRegion, view: DatabaseView? = nil, control: OperationControl = OperationControl(),
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        try read(region, as: .stored, view: view, control: control, statistics: &statistics)
    }

    /// Reads a cutout and makes something of each voxel: its value where it fulfils a condition, or a mask.
    package func read(
        _ region: CutoutRegion, as reading: VoxelReading, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try check(region)
        let type = reading.isMask ? .uint8 : voxelType
        let byteCount = try checkResult(checked, as: type)
        let extent = checked.box.extent
        var axes: [Axis] = [.z, .y, .x]
        var shape = [extent.z, extent.y, extent.x]
        if checked.hasTimeAxis {
            axes.insert(.t, at: 0)
            shape.insert(checked.time.count, at: 0)
        }
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(voxelType: type, axes: axes, shape: shape, zeroed: false)
        }
        precondition(volume.byteCount == byteCount, "the result has the bytes that were checked")
        let filled = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                try read(checked, as: reading, view: self.view(view), into: memory, control: control)
            }
        }
        statistics += try filled.get()
        return volume
    }

    /// Reads a cutout of a known voxel type.
    ///
    /// - Throws: as above, and 22V04 when the channel has another type.
    public func read<Element>(
        _ region: CutoutRegion, as type: Element.Type, view: DatabaseView? = nil
    ) throws(DatabaseError) -> Volume<Element> {
        let volume = try read(region, view: view)
        return try mappingErrors { () throws(VoxelError) in try Volume<Element>(volume) }
    }

    /// Reads a cutout into memory of the caller: the fastest way, since fresh pages cost more than the copy.
    ///
    /// - Parameter memory: exactly the bytes of the region's voxels.
    /// - Returns: what was touched.
    /// - Throws: as above, and 22V03 when the memory has another size.
    @discardableResult
    public func read(
        _ region: CutoutRegion, into memory: UnsafeMutableRawBufferPointer, view: DatabaseView? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> ReadStatistics {
        let checked = try check(region)
        let byteCount = checked.voxelCount.multipliedSaturating(by: voxelType.byteCount)
        guard memory.count == byteCount else {
            throw DatabaseError("22V03", "the region has \(byteCount) bytes, the memory \(memory.count)")
        }
        return try read(checked, as: .stored, view: self.view(view), into: memory, control: control)
    }

    func read(
        _ region: CheckedRegion, as reading: VoxelReading, view pinned: View,
        into memory: UnsafeMutableRawBufferPointer, control: OperationControl
    ) throws(DatabaseError) -> ReadStatistics {
        let function = try function(reading, in: pinned, voxelCount: region.voxelCount)
        var reader = function == nil ? try mappedReader(pinned) : reader()
        reader.function = function
        let sampleByteCount = region.box.voxelCount * (function?.result ?? voxelType).byteCount
        var statistics = ReadStatistics()
        for (number, time) in region.time.enumerated() {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: memory[number * sampleByteCount..<(number + 1) * sampleByteCount])
            statistics += try reader.read(
                pinned, level: region.level, time: time, box: region.box, into: part,
                cancellation: control.cancellation)
        }
        return statistics
    }

    /// The bytes of a result.
    ///
    /// - Throws: 54V01 over the limit.
    package func checkResult(
        _ region: CheckedRegion, as type: VoxelType? = nil
    ) throws(DatabaseError) -> Int {
        let byteCount = region.voxelCount.multipliedSaturating(by: (type ?? voxelType).byteCount)
        let limit = database.options.resultByteCountLimit
        guard byteCount <= limit else {
            throw DatabaseError(
                "54V01", "the result would have \(byteCount) bytes, the limit is \(limit)",
                hint: "read a smaller region, a coarser level, or slab by slab")
        }
        return byteCount
    }

    /// Reads a region larger than memory, slab by slab along z, all from one view.
    ///
    /// - Parameters:
    ///   - slabByteCount: bytes of a slab at most; at least one section is read. Slabs end at cuboid borders
    ///     where they can.
    ///   - body: gets each slab with its region, in ascending time and z.
    /// - Throws: as `read`, and whatever `body` throws.
    public func forEachSlab(
        of region: CutoutRegion, slabByteCount: Int = 64 << 20, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), _ body: (CutoutRegion, AnyVolume) throws -> Void
    ) throws {
        let checked = try check(region)
        let pinned = try view ?? database.view()
        for time in checked.time {
            for box in checked.box.slabs(
                byteCount: slabByteCount, voxelByteCount: voxelType.byteCount, alignment: layout.grid.cuboid.z
            ) {
                let part = CutoutRegion(
                    box: box, level: checked.level, time: checked.hasTimeAxis ? time..<time + 1 : nil)
                try body(part, read(part, view: pinned, control: control))
            }
        }
    }
}

extension VoxelBox {
    /// The box cut along z into parts of at most `byteCount` bytes, or one section each; made one by one.
    func slabs(byteCount: Int, voxelByteCount: Int, alignment: Int) -> UnfoldSequence<VoxelBox, Int> {
        let section = extent.x.multipliedSaturating(by: extent.y).multipliedSaturating(by: voxelByteCount)
        let fitting = Swift.max(1, byteCount / Swift.max(1, section))
        let step = fitting >= alignment ? fitting / alignment * alignment : fitting
        return sequence(state: lower.z) { z in
            guard z < upper.z else { return nil }
            let aligned = step >= alignment ? z / alignment * alignment + step : z + step
            let end = Swift.min(upper.z, Swift.max(z + 1, aligned))
            defer { z = end }
            return VoxelBox(x: self[.x], y: self[.y], z: z..<end)
        }
    }
}
