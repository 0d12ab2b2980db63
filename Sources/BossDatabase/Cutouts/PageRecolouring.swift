import BossGeometry
import BossStorage
import BossVoxels

/// Pages whose voxels become others by their own value.
extension PageAssembly {
    /// The new page of a cuboid whose touched voxels become what a function makes of them.
    ///
    /// Bricks of one value are not decoded, and of bricks of labels only those are written out whose palette has a value
    /// that changes.
    func changedPage(by function: VoxelFunction) throws(DatabaseError) -> CutoutWriter.PageChange {
        try change { (brickIndex, origin, part) throws(DatabaseError) in
            switch base.source(ofBrick: brickIndex) {
            case .background:
                return changedBrick(of: writer.layout.backgroundBits, origin, part, function)
            case .constant(let bits): return changedBrick(of: bits, origin, part, function)
            case .stored(let brick): return try changedBrick(brick, origin, part, function)
            }
        }
    }

    private func changedBrick(
        of bits: UInt64, _ origin: VoxelPoint, _ part: VoxelBox, _ function: VoxelFunction
    ) -> (brick: NewBrick, changed: Int)? {
        let layout = writer.layout
        let new = function(bits)
        guard new != bits else { return nil }
        guard part.extent != layout.grid.brick else { return (.constant(new), part.voxelCount) }
        let brick = VoxelStorage(byteCount: layout.brickByteCount, zeroed: false)
        brick.withUnsafeMutableBytes { bytes in
            guard let target = bytes.baseAddress else { return }
            fillBrick(target, with: bits)
            VoxelCopy.fillBox(
                in: target, destinationExtent: layout.grid.brick,
                destinationOrigin: part.lower.relative(to: origin), extent: part.extent,
                voxelByteCount: layout.voxelType.byteCount, valueBits: new)
        }
        return (.voxels(brick), part.voxelCount)
    }

    private func changedBrick(
        _ old: StoredBrick, _ origin: VoxelPoint, _ part: VoxelBox, _ function: VoxelFunction
    ) throws(DatabaseError) -> (brick: NewBrick, changed: Int)? {
        let layout = writer.layout
        if old.isRaw {
            let brick = VoxelStorage(byteCount: layout.brickByteCount, zeroed: false)
            let filled = brick.withUnsafeMutableBytes { bytes in
                Result { () throws(DatabaseError) in try fill(bytes, with: .stored(old)) }
            }
            try filled.get()
            return replace(in: brick, origin, part, function)
        }
        var cost = BrickReadCost()
        let content: DecodedBrick
        do { content = try writer.engine.content(of: old, hint: .scan, cost: &cost) } catch {
            throw DatabaseError(error)
        }
        let brick = VoxelStorage(byteCount: layout.brickByteCount, zeroed: false)
        switch content {
        case .runs(let runs):
            try layout.requireBrick(runs.extent)
            guard runs.containsValue(where: { function($0) != $0 }) else { return nil }
            brick.withUnsafeMutableBytes { runs.fill($0, voxelByteCount: layout.voxelType.byteCount) }
        case .voxels(let voxels):
            guard voxels.byteCount == brick.byteCount else {
                throw DatabaseError(
                    "XX001",
                    "a brick of \(layout.path) has \(voxels.byteCount) bytes, not \(brick.byteCount)")
            }
            voxels.withUnsafeBytes { source in brick.withUnsafeMutableBytes { $0.copyMemory(from: source) } }
        }
        return replace(in: brick, origin, part, function)
    }

    private func replace(
        in brick: VoxelStorage, _ origin: VoxelPoint, _ part: VoxelBox, _ function: VoxelFunction
    ) -> (brick: NewBrick, changed: Int)? {
        let layout = writer.layout
        let changed = brick.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return 0 }
            let window = MutableVoxelWindow(
                base, arrayExtent: layout.grid.brick, origin: part.lower.relative(to: origin),
                extent: part.extent, voxelByteCount: layout.voxelType.byteCount)
            return VoxelTransform.replace(in: window, by: function.callAsFunction)
        }
        return changed > 0 ? (.voxels(brick), changed) : nil
    }
}
