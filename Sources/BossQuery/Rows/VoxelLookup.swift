import BossDatabase
import BossGeometry
import BossVoxels
import Synchronization

/// The voxels that a VALUE_AT asks for: many points are read at once, brick by brick in Morton order; a point that was
/// not foreseen is read when it is asked for.
final class VoxelLookup: Sendable {
    struct Point: Hashable, Sendable {
        let position: VoxelPoint
        let time: Int
    }

    private struct State: Sendable {
        var values: [Point: UInt64] = [:]
        var statistics = ReadStatistics()
    }

    let channel: Channel
    let level: ResolutionLevel
    private let box: VoxelBox
    private let view: DatabaseView
    private let control: OperationControl
    private let budget: RowBudget
    private let state = Mutex(State())

    /// Bytes that a point takes in the table of points.
    private static let pointByteCount = 96

    init(_ bound: BoundRegion, _ view: DatabaseView, _ control: OperationControl, _ budget: RowBudget) {
        (channel, level, box) = (bound.channel, bound.level, bound.channel.box(at: bound.level))
        (self.view, self.control, self.budget) = (view, control, budget)
    }

    /// What the reads of all points touched.
    var statistics: ReadStatistics { state.withLock { $0.statistics } }

    /// The point with these coordinates; nil where there is no voxel.
    func point(_ x: Int128, _ y: Int128, _ z: Int128, _ t: Int128) -> Point? {
        guard let x = Int(exactly: x), let y = Int(exactly: y), let z = Int(exactly: z),
            let time = Int(exactly: t), 0..<channel.timeSampleCount ~= time
        else { return nil }
        let position = VoxelPoint(x: x, y: y, z: z)
        return SpatialAxis.allCases.allSatisfy { box[$0].contains(position[$0]) }
            ? Point(position: position, time: time) : nil
    }

    /// The voxel at a point.
    func value(at point: Point) throws(DatabaseError) -> ConditionNumber {
        ConditionNumber(bits: try bits(at: point), type: channel.voxelType)
    }

    /// The voxel at a point, by its bits.
    func bits(at point: Point) throws(DatabaseError) -> UInt64 {
        if let bits = state.withLock({ $0.values[point] }) { return bits }
        try read([point])
        return state.withLock { $0.values[point] ?? 0 }
    }

    /// Reads the voxels at some points.
    ///
    /// - Throws: 53200 for more points than the memory of the query holds, what reading throws.
    func read(_ points: [Point]) throws(DatabaseError) {
        try budget.take(points.count, of: Self.pointByteCount, "the points")
        for part in bricks(points) {
            try control.cancellation.check()
            func range(_ axis: SpatialAxis) -> Range<Int> {
                let places = part.map { $0.position[axis] }
                return (places.min() ?? 0)..<(places.max() ?? 0) + 1
            }
            let box = VoxelBox(x: range(.x), y: range(.y), z: range(.z))
            try read(part, in: box)
        }
    }

    private func read(_ points: [Point], in box: VoxelBox) throws(DatabaseError) {
        guard let time = points.first?.time else { return }
        var statistics = ReadStatistics()
        let volume = try channel.read(
            CutoutRegion(box: box, level: level, time: time..<time + 1), view: view, control: control,
            statistics: &statistics)
        let extent = box.extent
        let values = volume.withUnsafeBytes { bytes in
            points.map { point in
                let (place, origin) = (point.position, box.lower)
                let index =
                    ((place.z - origin.z) * extent.y + place.y - origin.y) * extent.x + place.x - origin.x
                return SlicePixels.bits(bytes, index, channel.voxelType)
            }
        }
        let cost = statistics
        state.withLock { state in
            state.statistics += cost
            for (point, value) in zip(points, values) { state.values[point] = value }
        }
    }

    /// The points of each brick, bricks in Morton order.
    private func bricks(_ points: [Point]) -> [[Point]] {
        let brick = channel.grid.brick
        struct Key: Hashable {
            let time: Int
            let cuboid: CuboidIndex
            /// Where an axis has more bricks than a code can say, the order is another.
            var code: UInt64 { (try? MortonCode(cuboid))?.rawValue ?? .max }
        }
        let groups = Dictionary(grouping: points) { point in
            func index(_ axis: SpatialAxis, _ length: Int) -> UInt32 {
                UInt32(clamping: point.position[axis] / length)
            }
            let cuboid = CuboidIndex(x: index(.x, brick.x), y: index(.y, brick.y), z: index(.z, brick.z))
            return Key(time: point.time, cuboid: cuboid)
        }
        return groups.sorted { ($0.key.time, $0.key.code) < ($1.key.time, $1.key.code) }.map(\.value)
    }
}
