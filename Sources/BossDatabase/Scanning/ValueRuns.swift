import BossGeometry
import BossStorage
import BossVoxels

/// A run of equal voxels along x.
package struct ValueRun: Hashable, Sendable {
    /// The value, by its bits.
    package let bits: UInt64
    /// Absolute voxels.
    package var x: Range<Int>
    package let y: Int
    package let z: Int

    /// Whether it comes before another in the order z, y, x.
    fileprivate func precedes(_ other: ValueRun) -> Bool {
        (z, y, x.lowerBound) < (other.z, other.y, other.x.lowerBound)
    }

    /// Whether another run goes on where this one ends.
    fileprivate func continues(with other: ValueRun) -> Bool {
        bits == other.bits && z == other.z && y == other.y && x.upperBound == other.x.lowerBound
    }
}

/// Bounds of what scans hold in memory.
package enum ScanLimits {
    /// Runs, voxels or pairs of one answer.
    package static let rowCount = 2 << 20
}

extension Channel {
    /// The runs of equal voxels along x whose values fulfil a condition, longest possible in the region, by z, y and x.
    ///
    /// Where the condition leaves background out, space that was never written costs nothing.
    ///
    /// - Parameters:
    ///   - limit: of the runs of all time samples.
    ///   - body: gets the runs of a time sample in parts, in order.
    /// - Throws: 53200 for more runs than that, 22V01 and the like, XX001, 57014.
    package func forEachRuns(
        in region: CutoutRegion, where condition: VoxelPredicate, limit: Int = ScanLimits.rowCount,
        view: DatabaseView? = nil, control: OperationControl = OperationControl(),
        statistics: inout ReadStatistics, _ body: (Int, [ValueRun]) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        var left = limit
        for time in checked.time {
            for layer in layers(of: checked.box) {
                try control.cancellation.check()
                let part = CutoutRegion(box: layer, level: checked.level, time: time..<time + 1)
                let runs = try runs(ofLayer: part, condition, left, pinned, control, &statistics)
                left -= runs.count
                if !runs.isEmpty { try body(time, runs) }
            }
        }
    }

    /// A box cut along z where cuboids meet.
    func layers(of box: VoxelBox) -> some Sequence<VoxelBox> {
        let depth = grid.cuboid.z
        return (box.lower.z / depth...(box.upper.z - 1) / depth).lazy.map { layer in
            let range = layer * depth..<(layer + 1) * depth
            return VoxelBox(x: box[.x], y: box[.y], z: range.clamped(to: box[.z]))
        }
    }

    private func runs(
        ofLayer region: CutoutRegion, _ condition: VoxelPredicate, _ limit: Int, _ view: DatabaseView,
        _ control: OperationControl, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [ValueRun] {
        // Runs that end at bricks are joined below: of these there may be more.
        let refusal = DatabaseError(
            "53200", "the region of \(path) has more rows than an answer holds, \(ScanLimits.rowCount)",
            hint: "ask for a smaller region, or for fewer values")
        let collectedLimit = limit.multipliedSaturating(by: 4)
        guard let region = try part(region, with: condition, view, control, &statistics) else { return [] }
        var lacksVoxels = false
        var runs = try fold(region, view, control, &statistics, start: { [ValueRun]() }) {
            (runs, box, content) throws(DatabaseError) in
            switch content {
            case .constant(let bits):
                guard condition(bits) else { return }
                guard box.extent.y.multipliedSaturating(by: box.extent.z) <= collectedLimit - runs.count
                else {
                    throw refusal
                }
                for z in box[.z] {
                    for y in box[.y] { runs.append(ValueRun(bits: bits, x: box[.x], y: y, z: z)) }
                }
            case .voxels(let window):
                window.forEachRun { bits, place, length in
                    guard runs.count <= collectedLimit, condition(bits) else { return }
                    let x = box.lower.x + place.x
                    runs.append(
                        ValueRun(
                            bits: bits, x: x..<x + length, y: box.lower.y + place.y, z: box.lower.z + place.z)
                    )
                }
                guard runs.count <= collectedLimit else { throw refusal }
            }
        } absent: { _, count in
            lacksVoxels = count > 0
        } merge: {
            $0 += $1
        }
        guard runs.count <= collectedLimit, !(lacksVoxels && condition(layout.backgroundBits)) else {
            throw refusal
        }
        runs.sort { $0.precedes($1) }
        let joined = runs.reduce(into: [ValueRun]()) { joined, run in
            if let last = joined.last, last.continues(with: run) {
                joined[joined.count - 1].x = last.x.lowerBound..<run.x.upperBound
            } else {
                joined.append(run)
            }
        }
        guard joined.count <= limit else { throw refusal }
        return joined
    }

    /// The part of a region that may have values of a condition: of few labels the index knows where they are.
    private func part(
        _ region: CutoutRegion, with condition: VoxelPredicate, _ view: DatabaseView,
        _ control: OperationControl, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> CutoutRegion? {
        guard isAnnotation, condition.values.members(limit: Self.fewLabelCount) != nil,
            !condition.values.contains(layout.backgroundBits)
        else { return region }
        let labels = try labels(
            in: region, ids: condition.values, view: view, control: control, statistics: &statistics)
        guard let first = labels.first else { return nil }
        var part = region
        part.box = labels.reduce(first.box) { $0.union($1.box) }
        return part
    }

    /// So many labels are looked for in the index before a scan.
    package static let fewLabelCount = 1024
}
