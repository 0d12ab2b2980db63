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
        if state.withLock({ $0.values[point] }) == nil { try read([point]) }
        return ConditionNumber(bits: state.withLock { $0.values[point] ?? 0 }, type: channel.voxelType)
    }

    /// Reads the voxels at some points.
    ///
    /// - Throws: 53200 for more points than the memory of the query holds, what reading throws.
    func read(_ points: [Point]) throws(DatabaseError) {
        try budget.take(points.count, of: Self.pointByteCount, "the points of VALUE_AT")
        for part in bricks(points) {
            try control.cancellation.check()
            var lower = part[0].position
            var upper = lower
            for point in part {
                let place = point.position
                lower = VoxelPoint(x: min(lower.x, place.x), y: min(lower.y, place.y), z: min(lower.z, place.z))
                upper = VoxelPoint(x: max(upper.x, place.x), y: max(upper.y, place.y), z: max(upper.z, place.z))
            }
            let box = VoxelBox(x: lower.x..<upper.x + 1, y: lower.y..<upper.y + 1, z: lower.z..<upper.z + 1)
            try read(part, in: box)
        }
    }

    private func read(_ points: ArraySlice<Point>, in box: VoxelBox) throws(DatabaseError) {
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
    private func bricks(_ points: [Point]) -> [ArraySlice<Point>] {
        let brick = channel.grid.brick
        func order(_ point: Point) -> UInt64 {
            let place = point.position
            func index(_ coordinate: Int, _ length: Int) -> UInt32 { UInt32(clamping: coordinate / length) }
            let cuboid = CuboidIndex(
                x: index(place.x, brick.x), y: index(place.y, brick.y), z: index(place.z, brick.z))
            // Where an axis has more bricks than a code can say, they are read in another order.
            return (try? MortonCode(cuboid))?.rawValue ?? .max
        }
        let keyed = points.map { (key: order($0), point: $0) }
            .sorted { ($0.point.time, $0.key) < ($1.point.time, $1.key) }
        let sorted = keyed.map(\.point)
        var parts: [ArraySlice<Point>] = []
        var start = 0
        for index in sorted.indices.dropFirst() + [sorted.endIndex] where index > start {
            let isSame =
                index < sorted.endIndex && keyed[index].key == keyed[start].key && keyed[start].key != .max
                && sorted[index].time == sorted[start].time
            if !isSame {
                parts.append(sorted[start..<index])
                start = index
            }
        }
        return parts
    }
}
