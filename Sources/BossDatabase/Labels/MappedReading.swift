import BossGeometry
import BossStorage
import BossVoxels

/// Reading with merged IDs, where a channel has some.
extension CutoutReader {
    /// What a stored value reads as.
    func shown(_ bits: UInt64) -> UInt64 { mapping?.root(of: bits) ?? bits }

    /// Copies a part of a brick, and makes its labels what they read as.
    ///
    /// - Parameters:
    ///   - plan: copies the part of the brick into the memory of `box`.
    ///   - target: memory of the voxels of `box`.
    func copyMapped(
        _ part: BrickPart, _ mapping: LabelMapping, _ box: VoxelBox, _ target: SharedMemory,
        _ plan: inout VoxelCopy.Plan, _ cost: inout BrickReadCost
    ) throws(DatabaseError) {
        if part.brick.isLabels {
            let content = try mappingErrors { () throws(StorageError) in
                try engine.content(of: part.brick, hint: hint, cost: &cost)
            }
            // Bricks of another shape are refused by the copy below.
            if case .runs(let runs) = content, plan.fill(from: runs, replacing: mapping.root) { return }
        }
        try mappingErrors { () throws(StorageError) in
            try engine.copy(part.brick, plan: &plan, hint: hint, cost: &cost)
        }
        mapping.apply(
            to: MutableVoxelWindow(
                target.base, arrayExtent: box.extent, origin: part.clip.lower.relative(to: box.lower),
                extent: part.clip.extent, voxelByteCount: layout.voxelType.byteCount))
    }

    /// Hands out what a scan has met as it reads.
    func withShown(
        _ content: RegionScanner.Content, _ body: (RegionScanner.Content) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.scanWithoutMapping) { return try body(content) }
        #endif
        guard let mapping else { return try body(content) }
        switch content {
        case .constant(let bits): try body(.constant(mapping.root(of: bits)))
        case .voxels(let window):
            let width = window.voxelByteCount
            let copy = VoxelStorage(byteCount: window.extent.voxelCount * width, zeroed: false)
            copy.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                window.copy(to: base)
                mapping.apply(to: MutableVoxelWindow(base, extent: window.extent, voxelByteCount: width))
            }
            let visited = copy.withUnsafeBytes { bytes in
                Result { () throws(DatabaseError) in
                    guard let base = bytes.baseAddress else { return }
                    try body(.voxels(VoxelWindow(base, extent: window.extent, voxelByteCount: width)))
                }
            }
            try visited.get()
        }
    }
}
