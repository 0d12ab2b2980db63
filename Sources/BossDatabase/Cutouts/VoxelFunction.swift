import BossStorage
import BossVoxels

/// Which values of a voxel fulfil a condition.
package struct VoxelPredicate: Sendable {
    /// No other value fulfils it.
    let values: IDCondition
    private let test: @Sendable (UInt64) -> Bool

    /// A condition over the bits of a voxel, those above its type being zero.
    ///
    /// - Parameter values: no other value fulfils it, as far as that is known; of few the label index is asked.
    package init(within values: IDCondition = .all, _ test: @escaping @Sendable (UInt64) -> Bool) {
        self.values = values
        self.test = test
    }

    /// Whether a value fulfils it.
    package func callAsFunction(_ bits: UInt64) -> Bool { test(bits) }

    /// Every value.
    package static let all = VoxelPredicate { _ in true }

    /// The values that fulfil both.
    package func and(_ other: VoxelPredicate) -> VoxelPredicate {
        VoxelPredicate(within: values.intersection(other.values)) { self($0) && other($0) }
    }
}

/// What a read makes of the voxels of a channel.
package enum VoxelReading: Sendable {
    /// Their values.
    case stored
    /// Their values where they fulfil a condition, elsewhere background.
    case keeping(VoxelPredicate)
    /// 1 where they fulfil a condition, elsewhere 0: voxels of type UINT8.
    case mask(VoxelPredicate)

    /// Whether the result is UINT8, whatever the channel holds.
    package var isMask: Bool {
        if case .mask = self { return true }
        return false
    }
}

/// What becomes of a voxel, by its value alone.
///
/// It is called once a value of a brick's palette, or once a run of equal voxels; values of one and two bytes are looked
/// up in a table where there are enough voxels to pay for it.
struct VoxelFunction: Sendable {
    /// The type of what it makes.
    let result: VoxelType
    /// It leaves all other values as they are.
    let values: LabelRanges
    private let table: [UInt64]
    private let function: @Sendable (UInt64) -> UInt64

    /// - Parameters:
    ///   - voxelCount: how many voxels it is meant for.
    ///   - values: it leaves all others as they are.
    init(
        of type: VoxelType, to result: VoxelType, voxelCount: Int, changing values: LabelRanges = .all,
        _ function: @escaping @Sendable (UInt64) -> UInt64
    ) {
        self.result = result
        self.values = values
        self.function = function
        let valueCount = type.byteCount <= 2 ? 1 << (8 * type.byteCount) : Int.max
        table = valueCount <= voxelCount ? (0..<UInt64(valueCount)).map(function) : []
    }

    func callAsFunction(_ bits: UInt64) -> UInt64 {
        bits < UInt64(table.count) ? table[Int(truncatingIfNeeded: bits)] : function(bits)
    }
}
