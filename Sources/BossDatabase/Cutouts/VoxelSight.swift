import BossStorage
import BossVoxels

/// From what is stored to what statements see of it, the one place for reads and for writes.
extension Channel {
    /// The function of a read; nil where voxels are given as the state shows them.
    func function(
        _ reading: VoxelReading, in view: View, voxelCount: Int
    ) throws(DatabaseError) -> VoxelFunction? {
        let mapping = try mapping(in: DatabaseView(view: view))
        let see: @Sendable (UInt64) -> UInt64 = { mapping?.root(of: $0) ?? $0 }
        let background = layout.backgroundBits
        switch reading {
        case .stored: return nil
        case .keeping(let condition):
            return VoxelFunction(of: voxelType, to: voxelType, voxelCount: voxelCount) { bits in
                let seen = see(bits)
                return condition(seen) ? seen : background
            }
        case .mask(let condition):
            return VoxelFunction(of: voxelType, to: .uint8, voxelCount: voxelCount) {
                condition(see($0)) ? 1 : 0
            }
        }
    }

    /// The function of a write: voxels that are seen to fulfil a condition get a new value. Others stay as they are
    /// stored, and so do those that are seen as the new value already.
    func function(
        _ change: VoxelChange, in view: View, voxelCount: Int
    ) throws(DatabaseError) -> VoxelFunction {
        let mapping = try mapping(in: DatabaseView(view: view))
        let see: @Sendable (UInt64) -> UInt64 = { mapping?.root(of: $0) ?? $0 }
        let target = see(change.bits)
        let values = mapping?.stored(change.condition.values) ?? change.condition.values
        return VoxelFunction(
            of: voxelType, to: voxelType, voxelCount: voxelCount, changing: values.labelRanges
        ) { bits in
            let seen = see(bits)
            return change.condition(seen) && seen != target ? change.bits : bits
        }
    }
}

/// A new value for voxels that fulfil a condition.
package struct VoxelChange: Sendable {
    let condition: VoxelPredicate
    let bits: UInt64

    /// - Parameter bits: the value, of the channel's type.
    package init(where condition: VoxelPredicate, to bits: UInt64) {
        self.condition = condition
        self.bits = bits
    }
}
