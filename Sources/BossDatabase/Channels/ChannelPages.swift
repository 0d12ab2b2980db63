package import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// A cuboid with voxels, as it is stored.
package struct ChannelPage: Hashable, Sendable {
    /// The cuboid's Morton code.
    package let morton: UInt64
    /// Its part inside the extent of the channel, absolute voxels.
    package let box: VoxelBox
    package let time: Int
    /// Bytes of its pages, 0 for a constant.
    package let byteCount: UInt64
    /// Names of how its bricks are coded, ascending.
    package let codecs: [String]
    /// How many IDs it shows; nil where that was not asked for, and for an image channel.
    package let idCount: Int?
    /// The newest commit that changed it.
    package let commit: UInt64
    /// Whether it is not the open transaction that changed it last, whose commit has no number yet.
    package var isCommitted: Bool { commit != .max }
}

extension Channel {
    private static let pageChunkCount = 4096

    /// The cuboids with voxels that a region touches, by time sample and Morton code.
    ///
    /// No voxel is read but of cuboids whose labels only their voxels tell.
    ///
    /// - Parameters:
    ///   - ids: of an annotation channel only cuboids with one of these.
    ///   - countsIDs: whether IDs are counted.
    /// - Throws: 22V08 for IDs of an image channel, 53200 for too many of them, 22V01 and the like, XX001, 57014.
    package func pages(
        in region: CutoutRegion, ids: IDCondition = .all, countsIDs: Bool = true, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [ChannelPage] {
        if ids != .all { try requireAnnotation() }
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        let mapping = try mapping(in: pinned)
        var pages: [ChannelPage] = []
        for time in checked.time {
            try control.cancellation.check()
            let reader = PageReader(
                objects: ObjectReader(
                    scanner: try scanner(checked, time: time, pinned, control, asStored: true),
                    mapping: mapping),
                group: layout.group(checked.level, time: time),
                ids: isAnnotation && (countsIDs || ids != .all) ? ids : nil)
            let range = try layout.cuboids(touching: checked.box)
            let codes = try mappingErrors { () throws(StorageError) in
                try pinned.view.writtenCodes(reader.group, in: range.codeSpan)
                    .filter { range.contains(rawCode: $0) }
            }
            for start in stride(from: 0, to: codes.count, by: Self.pageChunkCount) {
                let chunk = Array(codes[start..<min(start + Self.pageChunkCount, codes.count)])
                let located = try mappingErrors { () throws(StorageError) in
                    try pinned.view.locate(reader.group, codes: chunk)
                }
                for page in located where page.isWritten {
                    try control.cancellation.check()
                    if let page = try reader.read(page, &statistics) { pages.append(page) }
                }
                guard pages.count <= ScanLimits.rowCount else {
                    throw DatabaseError(
                        "53200",
                        "the region of \(path) has more cuboids than an answer holds, \(ScanLimits.rowCount)",
                        hint: "ask for a smaller region")
                }
            }
        }
        return pages
    }
}

private struct PageReader {
    let objects: ObjectReader
    let group: PageGroup
    /// The IDs that are asked for; nil where none is looked at.
    let ids: IDCondition?

    /// - Returns: nil for a cuboid without any of the IDs.
    func read(
        _ page: LocatedPage, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> ChannelPage? {
        let (engine, layout) = (objects.scanner.reader.engine, objects.scanner.reader.layout)
        guard let index = try? MortonCode(rawValue: page.morton).index,
            let box = layout.grid.box(of: index).intersection(
                layout.hierarchy.box(at: objects.scanner.level))
        else { return nil }
        var idCount: Int?
        if let ids {
            let shown = try shownIDs(page, &statistics)
            if ids != .all, !shown.contains(where: ids.contains) { return nil }
            idCount = shown.count
        }
        let storage = try mappingErrors { () throws(StorageError) in try engine.storage(of: page, group) }
        return ChannelPage(
            morton: page.morton, box: box, time: objects.scanner.time, byteCount: storage.byteCount,
            codecs: storage.codecs.map { "\($0)".uppercased() }.sorted(), idCount: idCount,
            commit: page.newestSequence)
    }

    private func shownIDs(
        _ page: LocatedPage, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> Set<UInt64> {
        let layout = objects.scanner.reader.layout
        let labels = try mappingErrors { () throws(StorageError) in
            try objects.scanner.reader.engine.labels(of: page, group)
        }
        var stored: [UInt64] = []
        switch labels {
        case .none: break
        case .constant(let bits):
            statistics.summaryCount += 1
            stored = [bits]
        case .labels(let labels):
            statistics.summaryCount += 1
            stored = labels.map(\.id)
        case .unknown:
            guard let labels = try objects.labels(ofVoxels: page, &statistics) else {
                throw DatabaseError(
                    "53200", "a cuboid of \(layout.path) holds too many IDs for memory",
                    hint: "create the channel with smaller cuboids")
            }
            stored = labels.map(\.id)
        }
        let mapping = objects.mapping
        return Set(stored.lazy.filter { $0 != layout.backgroundBits }.map { mapping?.root(of: $0) ?? $0 })
    }
}
