package import BossGeometry
import BossStorage
package import BossVoxels

/// What the voxels of a cuboid add up to, as far as they lie in a region.
package struct PageStatistics: Sendable {
    /// The part of the cuboid inside the region, absolute voxels.
    package let box: VoxelBox
    package let time: Int
    package let sum: VoxelStatistics
}

extension Channel {
    /// Statistics of the written cuboids that a region touches, by time sample and Morton code; of an annotation channel those
    /// of its labelled voxels.
    ///
    /// - Throws: 53200 for more cuboids than an answer holds, 22V01 and the like, XX001, 57014.
    package func pageStatistics(
        in region: CutoutRegion, view: DatabaseView? = nil, control: OperationControl = OperationControl(),
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [PageStatistics] {
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        let pages = try pages(
            in: region, countsIDs: false, view: pinned, control: control, statistics: &statistics)
        var result: [PageStatistics] = []
        for time in checked.time {
            let sample = CutoutRegion(box: checked.box, level: checked.level, time: time..<time + 1)
            let sums = try sums(byCuboidOf: sample, pinned, control, &statistics)
            for page in pages where page.time == time {
                guard let part = page.box.intersection(checked.box) else { continue }
                result.append(
                    PageStatistics(
                        box: part, time: time,
                        sum: sums[page.morton] ?? VoxelStatistics(voxelType: voxelType)))
            }
        }
        return result
    }

    /// Sums by the Morton codes of cuboids, unwritten ones of a small region among them.
    private func sums(
        byCuboidOf sample: CutoutRegion, _ view: DatabaseView, _ control: OperationControl,
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [UInt64: VoxelStatistics] {
        let (layout, type) = (layout, voxelType)
        return try fold(sample, view, control, &statistics, start: { [UInt64: VoxelStatistics]() }) {
            (sums, box, content) throws(DatabaseError) in
            let code = try layout.cuboid(of: box.lower)
            sums[code, default: VoxelStatistics(voxelType: type)].add(content, box, layout)
        } absent: { _, _ in
        } merge: { total, part in
            for (code, sum) in part { total[code, default: VoxelStatistics(voxelType: type)].merge(sum) }
        }
    }
}

extension ChannelLayout {
    /// The Morton code of the cuboid that has a voxel.
    fileprivate func cuboid(of voxel: VoxelPoint) throws(DatabaseError) -> UInt64 {
        let point = VoxelBox(origin: voxel, extent: VoxelExtent(x: 1, y: 1, z: 1))
        return try cuboids(touching: point).codeSpan.lowerBound
    }
}

extension VoxelStatistics {
    /// Adds what a scan met in a box: all voxels of an image, the labelled ones of an annotation.
    mutating func add(_ content: RegionScanner.Content, _ box: VoxelBox, _ layout: ChannelLayout) {
        let (type, background) = (layout.voxelType, layout.backgroundBits)
        switch content {
        case .constant(let bits):
            if layout.isAnnotation, bits == background { return }
            merge(VoxelStatistics(constantBits: bits, voxelCount: box.voxelCount, voxelType: type))
        case .voxels(let window):
            guard layout.isAnnotation else {
                return merge(VoxelScan.statistics(of: window, voxelType: type))
            }
            var labels = LabelTable()
            labels.add(window, skipping: background)
            for label in labels.sortedEntries {
                merge(VoxelStatistics(constantBits: label.id, voxelCount: label.voxelCount, voxelType: type))
            }
        }
    }
}
