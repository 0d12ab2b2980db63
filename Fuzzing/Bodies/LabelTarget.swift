import BossCodec
import BossGeometry
import BossVoxels

@testable import BossStorage

/// What files say of labels, under right checksums. Byte 0 chooses: summaries of a page before and after a change (the
/// length of the first in two bytes), a block of a label index, the root of one, the runs of a brick.
enum LabelTarget {
    static let target = FuzzTarget("label", body: run, seeds: seeds)
    private static let extent = VoxelExtent(x: 16, y: 16, z: 8)

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        switch input.byte() % 4 {
        case 0:
            let first = input.take(input.number(byteCount: 2))
            try checkRevision(try summary(first), try summary(input.rest()))
        case 1: try checkBlock(input.rest())
        case 2: try checkRoot(input.rest())
        default: try checkRuns(input.rest())
        }
    }

    // MARK: Summaries

    private static func summary(_ bytes: [UInt8]) throws -> [PageLabel] {
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0),
            key: CuboidKey(group: PageGroup(channel: 0, resolution: 0, time: 0), morton: 0), kind: .full,
            voxelByteCount: 8, brickCount: 1, baseOrConstant: 0, pageByteCount: 0, brickByteCount: 0,
            directoryChecksum: 0, summary: bytes, isLabelled: true)
        return try bytes.withUnsafeBytes {
            try PageSummary($0, header: header, file: "summary", at: 0).labels
        }
    }

    /// Labels that were read are possible, and come back as they were written.
    private static func check(_ labels: [PageLabel]) throws {
        try FuzzFailure.require(labels.allSatisfy(\.isPossible), "an impossible label: \(labels)")
        try FuzzFailure.require(
            zip(labels, labels.dropFirst()).allSatisfy { $0.id < $1.id }, "labels out of order")
        let again = try? summary(PageSummary(labels: labels).encoded())
        try FuzzFailure.require(again == labels, "labels change when they are written again")
    }

    private static func checkRevision(_ old: [PageLabel], _ other: [PageLabel]) throws {
        try check(old)
        try check(other)
        let base = old.filter { $0.voxelCount > 0 }
        let added = base.filter { $0.id % 3 == 0 }
        let revised = LabelRevision.revise(base, removing: other, adding: added) { other }
        if let revised {
            try check(revised)
            try check(PageSummary.difference(from: base, to: revised))
        }
        try check(PageSummary.merged(base: base, deltas: [PageSummary(labels: other)]))
    }

    // MARK: The index

    private static func checkBlock(_ bytes: [UInt8]) throws {
        var bytes = bytes
        guard bytes.count >= LabelBlock.headerByteCount, bytes.count <= LabelBlock.byteLimit else { return }
        let checksum = ChecksumRepair.seal(&bytes, 8..<bytes.count, at: 4)
        let entries = try entries(bytes, checksum)
        try FuzzFailure.require(
            zip(entries, entries.dropFirst()).allSatisfy { ($0.id, $0.page) < ($1.id, $1.page) },
            "entries of a block out of order")
        var writer = LabelBlock.Writer()
        for entry in entries { writer.append(entry) }
        let (again, sum) = writer.finish()
        guard again.count <= LabelBlock.byteLimit else { return }
        try FuzzFailure.require(
            try self.entries(again, sum) == entries, "a block changes when it is written again")
    }

    private static func entries(_ bytes: [UInt8], _ checksum: UInt32) throws -> [LabelBlock.Entry] {
        let fence = LabelFence(
            firstID: 0, firstPage: 0, byteCount: bytes.count, offset: 0, checksum: checksum)
        var entries: [LabelBlock.Entry] = []
        try bytes.withUnsafeBytes { buffer in
            try LabelBlock.forEach(buffer, fence, file: "block") { (entry) throws(StorageError) in
                entries.append(entry)
                return true
            }
        }
        return entries
    }

    private static func checkRoot(_ bytes: [UInt8]) throws {
        var bytes = bytes
        ChecksumRepair.trailing(&bytes)
        let root = try root(bytes)
        let again = try self.root(root.encoded())
        try FuzzFailure.require(
            again.groups == root.groups && again.fences == root.fences,
            "the root of a label index changes when it is written again")
        for group in root.groups {
            try FuzzFailure.require(root.group(group.group) == group, "a group is not found")
            let range = group.firstBlock...group.firstBlock + group.blockCount
            for id in [0, group.minimumID, group.maximumID, .max] {
                try FuzzFailure.require(
                    range.contains(root.block(of: id, in: group)), "a block outside of its group")
            }
        }
    }

    private static func root(_ bytes: [UInt8]) throws -> LabelIndexRoot {
        let checksum = bytes.number(UInt32.self, at: bytes.count - 4) ?? 0
        return try bytes.withUnsafeBytes {
            try LabelIndexRoot($0, expectedChecksum: checksum, file: "root", at: 1 << 40)
        }
    }

    // MARK: Bricks

    /// What is told of runs without looking at voxels is what a loop over the voxels finds.
    private static func checkRuns(_ bytes: [UInt8]) throws {
        let (voxelCount, byteCount) = (extent.voxelCount, 8)
        let (runs, values) = try bytes.withUnsafeBytes { bytes in
            (
                try LabelFrameDecoder.decode(bytes, voxelCount: voxelCount, voxelByteCount: byteCount),
                try LabelFrameDecoder.values(bytes, voxelCount: voxelCount, voxelByteCount: byteCount)
            )
        }
        var voxels = [UInt64](repeating: .max - 1, count: voxelCount)
        voxels.withUnsafeMutableBytes { runs.fill($0, voxelByteCount: byteCount) }
        var counts: [UInt64: Int] = [:]
        for voxel in voxels { counts[voxel, default: 0] += 1 }
        var told: [UInt64: Int] = [:]
        runs.forEachTally(in: VoxelBox(origin: .zero, extent: runs.extent)) { told[$0] = $1.voxelCount }
        try FuzzFailure.require(told == counts, "runs are counted as \(told), and are \(counts)")
        try FuzzFailure.require(Set(counts.keys).isSubset(of: values), "a voxel that is not in the palette")
    }

    // MARK: Honest inputs

    private static let labels = [
        PageLabel.filling(VoxelBox(x: 0..<4, y: 1..<9, z: 2..<3), with: 3),
        PageLabel.filling(VoxelBox(x: 7..<8, y: 0..<64, z: 0..<16), with: 1 << 40), PageLabel.gone(1 << 41),
        PageLabel.filling(VoxelBox(x: 0..<4096, y: 0..<4, z: 0..<4), with: .max),
    ]

    @Sendable private static func seeds() throws -> [[UInt8]] {
        let summary = PageSummary(labels: labels).encoded()
        let part = PageSummary(labels: [labels[0], labels[3].renamed(9)].sorted { $0.id < $1.id }).encoded()
        let length = [UInt8(truncatingIfNeeded: summary.count), UInt8(summary.count >> 8)]
        var writer = LabelBlock.Writer()
        for page in [UInt32(0), 7, 4000] {
            writer.append(LabelBlock.Entry(id: 5, page: page, stored: .label(labels[0].renamed(5))))
        }
        writer.append(LabelBlock.Entry(id: .max, page: 1, stored: .whole(.max)))
        let block = writer.finish()
        let root = LabelIndexRoot(
            groups: [
                LabelIndexGroup(
                    group: PageGroup(channel: 3, resolution: 0, time: 0), firstBlock: 0, blockCount: 1,
                    entryCount: 4, minimumID: 5, maximumID: .max, unknownPageCount: 0)
            ],
            fences: [
                LabelFence(
                    firstID: 5, firstPage: 0, byteCount: block.bytes.count, offset: 4096,
                    checksum: block.checksum)
            ])
        return [
            [0] + length + summary + summary, [0] + length + summary + part, [1] + block.bytes,
            [2] + root.encoded(), [3] + (try brick()),
        ]
    }

    private static func brick() throws -> [UInt8] {
        let voxels = (0..<extent.voxelCount).flatMap { voxel -> [UInt8] in
            let label = UInt64((voxel % 16 + voxel / 32) / 5 * 77)
            return withUnsafeBytes(of: label.littleEndian, Array.init)
        }
        let encoder = BrickEncoder(
            voxelType: .uint64, brickByteCount: voxels.count, preference: .automatic, labelExtent: extent)
        var output = [UInt8](repeating: 0, count: BrickEncoder.outputBound(voxels.count))
        let brick = try voxels.withUnsafeBytes { source in
            try output.withUnsafeMutableBytes { try encoder.encode(source, into: $0) }
        }
        try FuzzFailure.require(brick.codec == .label, "labels are stored as \(brick.codec)")
        return Array(output.prefix(brick.byteCount))
    }
}
