import BossGeometry
import BossStorage

/// Cuboids of which it is only known between which others they were, by channel and level.
///
/// Keys are ordered by channel, level, time and place, so a stretch over several groups has all levels and time samples
/// between its ends. Which of them the lost file held nobody knows: each is listed.
struct LostStretchRows {
    private let stretch: SalvageLostStretch
    private let names: ChannelNames
    private let shapes: [UInt32: SalvagedShape]

    init(_ stretch: SalvageLostStretch, names: ChannelNames, _ report: SalvageReport) {
        self.stretch = stretch
        self.names = names
        shapes = report.shapes
    }

    var rows: [SalvagedLoss] {
        let (low, high) = (stretch.lowest.group.channel, stretch.highest.group.channel)
        let known = Set(shapes.keys).union(names.layouts.keys).filter { low < $0 && $0 < high }
        return known.union([low, high]).subtracting([SystemGroup.channel]).sorted().flatMap { channel in
            levels(channel).flatMap { rows(channel, $0) }
        }
    }

    /// The levels of a channel that may have cuboids in the stretch, in the order of keys.
    private func levels(_ channel: UInt32) -> [UInt8] {
        var levels: Set<UInt8> = []
        if let layout = names.framed(channel) { levels = Set(layout.storedLevels.map(\.rawValue)) }
        if let shape = shapes[channel] { levels.formUnion(shape.highest.keys) }
        let ends = [stretch.lowest.group, stretch.highest.group].filter { $0.channel == channel }
        levels.formUnion(ends.map(\.resolution))
        return levels.sorted().filter { level in
            let ends = (stretch.lowest.group, stretch.highest.group)
            return (channel > ends.0.channel || level >= ends.0.resolution)
                && (channel < ends.1.channel || level <= ends.1.resolution)
        }
    }

    /// One row for all time samples of a level, and one of its own for one that the stretch begins or ends in.
    private func rows(_ channel: UInt32, _ level: UInt8) -> [SalvagedLoss] {
        func isSame(_ key: CuboidKey) -> Bool {
            key.group.channel == channel && key.group.resolution == level
        }
        let start = isSame(stretch.lowest) ? stretch.lowest : nil
        let end = isSame(stretch.highest) ? stretch.highest : nil
        let lastTime = names.framed(channel)?.timeSampleCount ?? Int(shapes[channel]?.lastTime ?? 0) + 1
        var first = Int(start?.group.time ?? 0)
        var last = max(first, end.map { Int($0.group.time) } ?? lastTime - 1)
        if first == last { return row(channel, level, first...last, start?.morton, end?.morton) }
        var (begin, finish): ([SalvagedLoss], [SalvagedLoss]) = ([], [])
        if let start, start.morton > 0 {
            begin = row(channel, level, first...first, start.morton, nil)
            first += 1
        }
        if let end {
            finish = row(channel, level, last...last, nil, end.morton)
            last -= 1
        }
        return begin + (first <= last ? row(channel, level, first...last, nil, nil) : []) + finish
    }

    /// A part of a level, inside of the frame where that is known; nothing for one that lies outside.
    private func row(
        _ channel: UInt32, _ rawLevel: UInt8, _ times: ClosedRange<Int>, _ low: UInt64?, _ high: UInt64?
    ) -> [SalvagedLoss] {
        guard let level = ResolutionLevel(rawValue: rawLevel), var cuboid = ChannelNames.index(low ?? 0)
        else {
            return []
        }
        var end = high.flatMap(ChannelNames.index)
        var count = Int(clamping: stretch.count)
        var box: VoxelBox?
        if let layout = names.framed(channel), let frame = Frame(layout, level) {
            guard let part = frame.part(from: low ?? 0, to: high ?? .max) else { return [] }
            (cuboid, end) = (part.first, part.last)
            box = frame.voxels(part.box)
            let most = part.box.count.multipliedReportingOverflow(by: times.count)
            if !most.overflow { count = min(count, most.partialValue) }
        }
        return [
            SalvagedLoss(
                channel: names.path(channel), channelNumber: channel, level: level, time: times.lowerBound,
                lastTime: times.upperBound, cuboid: cuboid, extent: .stretch(count: count, last: end),
                box: box,
                commit: nil, shownCommit: nil, file: stretch.path)
        ]
    }
}

/// The cuboids of a channel's frame at one level.
private struct Frame {
    private let grid: CuboidGrid
    private let box: VoxelBox
    private let cuboids: CuboidRange

    init?(_ layout: ChannelLayout, _ level: ResolutionLevel) {
        grid = layout.grid
        box = layout.hierarchy.box(at: level)
        guard !box.isEmpty, let cuboids = try? grid.cuboids(touching: box) else { return nil }
        self.cuboids = cuboids
    }

    /// A part of the frame in Morton order: its ends, and a block in which all of it lies.
    struct Part {
        let first: CuboidIndex
        let last: CuboidIndex
        let box: CuboidRange
    }

    /// The cuboids of the frame in a range of codes; nil when there are none.
    func part(from low: UInt64, to high: UInt64) -> Part? {
        // No corner of a block of cuboids has more bits than a code.
        guard let least = try? MortonCode(cuboids.lower).rawValue,
            let most = try? MortonCode(cuboids.upper).rawValue
        else { return nil }
        let (low, high) = (max(low, least), min(high, most))
        guard low <= high, let first = ChannelNames.index(low), let last = ChannelNames.index(high) else {
            return nil
        }
        // Codes between two that differ in some bit have all bits above it in common.
        let free = low == high ? 0 : UInt64.max >> UInt64((low ^ high).leadingZeroBitCount)
        guard let corner = ChannelNames.index(low & ~free), let opposite = ChannelNames.index(high | free)
        else { return nil }
        func range(_ axis: KeyPath<CuboidIndex, UInt32>) -> ClosedRange<UInt32>? {
            let start = max(corner[keyPath: axis], cuboids.lower[keyPath: axis])
            let end = min(opposite[keyPath: axis], cuboids.upper[keyPath: axis])
            return start <= end ? start...end : nil
        }
        guard let x = range(\.x), let y = range(\.y), let z = range(\.z) else { return nil }
        return Part(
            first: first, last: last,
            box: CuboidRange(
                lower: CuboidIndex(x: x.lowerBound, y: y.lowerBound, z: z.lowerBound),
                upper: CuboidIndex(x: x.upperBound, y: y.upperBound, z: z.upperBound)))
    }

    /// The voxels of a block that lie in the frame.
    func voxels(_ block: CuboidRange) -> VoxelBox? {
        grid.box(of: block.lower).union(grid.box(of: block.upper)).intersection(box)
    }
}
