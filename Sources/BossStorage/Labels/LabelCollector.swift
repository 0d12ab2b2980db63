package import BossGeometry
package import BossVoxels

/// How the bricks of an annotation channel lie in its cuboids, and which value is no label.
package struct LabelScope: Hashable, Sendable {
    /// Cuboids and bricks.
    package let grid: CuboidGrid
    /// The value of voxels that have no label.
    package let backgroundBits: UInt64
    /// Bytes of a voxel: 4 or 8.
    package let voxelByteCount: Int

    /// A scope, nil where rows of bricks are too long to be told as runs.
    package init?(grid: CuboidGrid, backgroundBits: UInt64, voxelByteCount: Int) {
        guard RunArray.holds(grid.brick) else { return nil }
        self.grid = grid
        self.backgroundBits = backgroundBits
        self.voxelByteCount = voxelByteCount
    }

    /// The voxels of a brick, from the cuboid's first one.
    package func box(ofBrick brick: Int) -> VoxelBox {
        grid.box(ofBrick: brick, in: CuboidIndex(x: 0, y: 0, z: 0))
    }
}

/// Collects the labels of a cuboid brick by brick.
package struct LabelCollector {
    /// The bricks.
    package let scope: LabelScope
    private var labels: [PageLabel] = []
    private var positions: [UInt64: Int] = [:]
    /// Whether a brick could not be told as runs, or there are more labels than a summary holds.
    private var isIncomplete = false

    /// Nothing yet.
    package init(scope: LabelScope) { self.scope = scope }

    /// Every label that was met, ascending; nil where some may be missing.
    package var sorted: [PageLabel]? { isIncomplete ? nil : labels.sorted { $0.id < $1.id } }

    /// Adds a brick of one value.
    package mutating func add(constant bits: UInt64, brick: Int) {
        guard bits != scope.backgroundBits else { return }
        add(.filling(scope.box(ofBrick: brick), with: bits))
    }

    /// Adds a brick.
    package mutating func add(_ runs: RunArray, brick: Int) {
        guard !isIncomplete, runs.extent == scope.grid.brick else {
            isIncomplete = true
            return
        }
        let origin = scope.box(ofBrick: brick).lower
        runs.forEachTally(in: VoxelBox(origin: .zero, extent: runs.extent)) { id, tally in
            if id != scope.backgroundBits { add(PageLabel(id, tally, at: origin)) }
        }
    }

    /// Adds a brick of dense voxels.
    package mutating func add(voxels: UnsafeRawBufferPointer, brick: Int) {
        guard !isIncomplete, let base = voxels.baseAddress,
            voxels.count == scope.grid.brick.voxelCount * scope.voxelByteCount
        else {
            isIncomplete = true
            return
        }
        let window = VoxelWindow(base, extent: scope.grid.brick, voxelByteCount: scope.voxelByteCount)
        guard let runs = RunArray(window, runLimit: window.extent.voxelCount) else {
            isIncomplete = true
            return
        }
        add(runs, brick: brick)
    }

    /// Adds a brick wherever it comes from; a stored one is decoded.
    package mutating func add(
        _ source: BrickSource, brick: Int, from engine: StorageEngine
    ) throws(StorageError) {
        switch source {
        case .background: break
        case .constant(let bits): add(constant: bits, brick: brick)
        case .stored(let stored):
            var cost = BrickReadCost()
            switch try engine.content(of: stored, hint: .interactive, cost: &cost) {
            case .runs(let runs): add(runs, brick: brick)
            case .voxels(let voxels): voxels.withUnsafeBytes { add(voxels: $0, brick: brick) }
            }
        }
    }

    private mutating func add(_ label: PageLabel) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.summaryMiscounts), positions[label.id] != nil { return }
        #endif
        if let position = positions[label.id] { return labels[position].add(label) }
        guard labels.count < PageSummary.labelLimit else {
            isIncomplete = true
            return
        }
        positions[label.id] = labels.count
        labels.append(label)
    }
}
