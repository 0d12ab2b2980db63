import BossGeometry
import BossVoxels

/// Groups image voxels by the labels at the same places, a run of equal labels at a time.
enum LabelRuns {
    /// Adds a box.
    ///
    /// - Parameters:
    ///   - image: voxels of the box.
    ///   - labels: what the label channel holds in the same box.
    static func add(
        _ image: VoxelWindow, _ voxelType: VoxelType, labels: RegionScanner.Content, _ layout: ChannelLayout,
        to groups: inout [UInt64: VoxelStatistics]
    ) {
        let empty = VoxelStatistics(voxelType: voxelType)
        switch labels {
        case .constant(let id):
            groups[id, default: empty].merge(VoxelScan.statistics(of: image, voxelType: voxelType))
        case .voxels(let window):
            window.forEachRun { id, position, length in
                guard id != layout.backgroundBits else { return }
                let run = image.part(origin: position, extent: VoxelExtent(x: length, y: 1, z: 1))
                groups[id, default: empty].merge(VoxelScan.statistics(of: run, voxelType: voxelType))
            }
        }
    }
}
