import BossStorage
package import BossVoxels

/// What is made of the voxels of a region.
package enum VoxelContent: Sendable {
    /// Something of the voxels of one channel.
    case voxels(VoxelReading)
    /// The voxels of one channel where a condition over several holds.
    case masked(VoxelComputation)
    /// An expression over the voxels of any number of channels.
    case computed(VoxelComputation)

    /// The type of the voxels it makes.
    package func voxelType(of channel: Channel) -> VoxelType {
        switch self {
        case .voxels(let reading): reading.isMask ? .uint8 : channel.voxelType
        case .masked: channel.voxelType
        case .computed(let computation): computation.program.type.voxelType
        }
    }

    /// Background as voxels of that type.
    package func backgroundBits(of channel: Channel) -> UInt64 {
        switch self {
        case .voxels(let reading): reading.isMask ? 0 : channel.backgroundBits
        case .masked: channel.backgroundBits
        case .computed: 0
        }
    }

    /// Reads a region.
    ///
    /// - Parameter channel: gives the values and the space.
    /// - Returns: axes t, z, y, x, the first of length 1 where the region names no samples.
    /// - Throws: as `Channel.read`; 22012, 22003 of expressions, naming the voxel.
    package func read(
        _ region: CutoutRegion, of channel: Channel, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        switch self {
        case .voxels(let reading):
            return try channel.read(
                region, as: reading, view: view, control: control, statistics: &statistics)
        case .masked, .computed:
            return try channel.assemble(region, voxelType(of: channel)) {
                (part, memory) throws(DatabaseError) in
                try fill(part, of: channel, view, control, into: memory, &statistics)
            }
        }
    }

    /// Fills dense memory with one time sample of a part.
    ///
    /// - Returns: false, and nothing done, where all of it is background.
    func fill(
        _ part: Channel.CheckedRegion, of channel: Channel, _ view: DatabaseView,
        _ control: OperationControl, into memory: UnsafeMutableRawBufferPointer,
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> Bool {
        switch self {
        case .voxels(let reading):
            statistics += try channel.read(
                part, as: reading, view: view.view, into: memory, control: control)
            return true
        case .masked(let mask):
            return try mask.fill(
                part, valuesOf: channel, view, control, into: memory, &statistics)
        case .computed(let computation):
            try computation.fill(part, channel, view, control, into: memory, &statistics)
            return true
        }
    }
}
