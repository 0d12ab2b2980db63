import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Visits the voxels of a region brick by brick, on all cores, without ever holding the region.
///
/// Constant bricks are visited as one value: nothing is decoded for them.
struct RegionScanner: Sendable {
    let reader: CutoutReader
    let view: View
    let level: ResolutionLevel
    let time: Int
    let cancellation: Cancellation

    /// What a scan meets: a stretch of space and what it holds.
    enum Content {
        /// One value everywhere.
        case constant(UInt64)
        /// A window of voxels in memory, valid during the call.
        case voxels(VoxelWindow)
    }

    /// Cuboids that are located at a time.
    private static let chunkCount = 4096
    private static let sharesPerWorker = 4

    /// Folds over a box.
    ///
    /// - Parameters:
    ///   - start: an empty accumulator; every part of the work has its own.
    ///   - visit: adds what lies in a box, absolute voxels; called in no particular order.
    ///   - absent: adds voxels that were never written and are not visited one by one, since there are too many.
    ///   - merge: adds one accumulator to another.
    /// - Throws: 22003 for a box of more voxels than can be counted.
    func fold<Accumulator: Sendable>(
        _ box: VoxelBox, statistics: inout ReadStatistics, start: @Sendable () -> Accumulator,
        visit: @Sendable (inout Accumulator, VoxelBox, Content) throws(DatabaseError) -> Void,
        absent: (inout Accumulator, Int) -> Void, merge: (inout Accumulator, Accumulator) -> Void
    ) throws(DatabaseError) -> Accumulator {
        guard box.voxelCount < Int.max else {
            throw DatabaseError(
                "22003", "\(box) of \(reader.layout.path) has more voxels than can be counted",
                hint: "ask for a smaller region")
        }
        let group = reader.layout.group(level, time: time)
        let codes = try reader.codes(view, group, box)
        var total = start()
        var located = 0
        for first in stride(from: 0, to: codes.count, by: Self.chunkCount) {
            let chunk = Array(codes[first..<min(first + Self.chunkCount, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in try view.locate(group, codes: chunk) }
            let done = Mutex<(accumulators: [Accumulator], statistics: ReadStatistics, voxelCount: Int)>(
                ([], ReadStatistics(), 0))
            // A few shares a worker even the load out; each has one accumulator, however many pages it holds.
            let shareCount = min(pages.count, reader.workers.count * Self.sharesPerWorker)
            try reader.workers.forEach(shareCount) { (number) throws(DatabaseError) in
                var accumulator = start()
                var cost = ReadStatistics()
                var voxelCount = 0
                for page in pages[number * pages.count / shareCount..<(number + 1) * pages.count / shareCount]
                {
                    try cancellation.check()
                    try scan(page, group, box, &cost) { (part, content) throws(DatabaseError) in
                        voxelCount += part.voxelCount
                        try reader.withShown(content) { (content) throws(DatabaseError) in
                            try visit(&accumulator, part, content)
                        }
                    }
                }
                let (finished, spent, counted) = (accumulator, cost, voxelCount)
                done.withLock { done in
                    done.statistics += spent
                    done.voxelCount += counted
                    done.accumulators.append(finished)
                }
            }
            let result = done.withLock { $0 }
            statistics += result.statistics
            located += result.voxelCount
            for accumulator in result.accumulators { merge(&total, accumulator) }
        }
        if located < box.voxelCount { absent(&total, box.voxelCount - located) }
        return total
    }

    /// Visits the part of one cuboid that lies in a box.
    func scan(
        _ page: LocatedPage, _ group: PageGroup, _ box: VoxelBox, _ statistics: inout ReadStatistics,
        _ visit: (VoxelBox, Content) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        try forEachPart(page, group, box, &statistics) { (part, source, cost) throws(DatabaseError) in
            switch source {
            case .constant(let bits): try visit(part, .constant(bits))
            case .brick(let brick, let place):
                let voxels = try mappingErrors { () throws(StorageError) in
                    try reader.engine.decoded(brick, hint: reader.hint, cost: &cost)
                }
                try withWindow(of: voxels, place) { (window) throws(DatabaseError) in
                    try visit(part, .voxels(window))
                }
            }
        }
    }

    /// What a scan of labels meets: runs where these are stored, which are not made voxels.
    enum LabelContent {
        case constant(UInt64)
        /// A box of an array of runs.
        case runs(RunArray, in: VoxelBox)
        case voxels(VoxelWindow)
    }

    /// Visits the part of one cuboid that lies in a box, labels as they are stored.
    func scanLabels(
        _ page: LocatedPage, _ group: PageGroup, _ box: VoxelBox, _ statistics: inout ReadStatistics,
        _ visit: (VoxelBox, LabelContent) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let layout = reader.layout
        try forEachPart(page, group, box, &statistics) { (part, source, cost) throws(DatabaseError) in
            switch source {
            case .constant(let bits): try visit(part, .constant(bits))
            case .brick(let brick, let place):
                let content = try mappingErrors { () throws(StorageError) in
                    try reader.engine.content(of: brick, hint: reader.hint, cost: &cost)
                }
                switch content {
                case .runs(let runs) where runs.extent == layout.grid.brick:
                    try visit(part, .runs(runs, in: place))
                case .runs:
                    throw DatabaseError("XX001", "a brick of \(layout.path) has another shape")
                case .voxels(let voxels):
                    try withWindow(of: voxels, place) { (window) throws(DatabaseError) in
                        try visit(part, .voxels(window))
                    }
                }
            }
        }
    }

    /// Where the voxels of a part of space come from.
    private enum Source {
        case constant(UInt64)
        /// A box of a stored brick, counted from its first voxel.
        case brick(StoredBrick, place: VoxelBox)
    }

    /// Calls `body` for the parts of a cuboid in a box, brick by brick where there are bricks.
    private func forEachPart(
        _ page: LocatedPage, _ group: PageGroup, _ box: VoxelBox, _ statistics: inout ReadStatistics,
        _ body: (VoxelBox, Source, inout BrickReadCost) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let layout = reader.layout
        guard let index = try? MortonCode(rawValue: page.morton).index,
            let clip = layout.grid.box(of: index).intersection(box)
        else { return }
        var cost = BrickReadCost()
        let resolved = try mappingErrors { () throws(StorageError) in try reader.engine.resolve(page, group) }
        guard resolved.isWritten else { return try body(clip, .constant(layout.backgroundBits), &cost) }
        statistics.pageCount += 1
        if let bits = resolved.constantBits { return try body(clip, .constant(bits), &cost) }
        var parts: [(brickIndex: Int, origin: VoxelPoint, part: VoxelBox)] = []
        layout.grid.forEachBrick(in: clip, of: index) { parts.append(($0, $1, $2)) }
        for (brickIndex, origin, part) in parts {
            switch resolved.source(ofBrick: brickIndex) {
            case .background: try body(part, .constant(layout.backgroundBits), &cost)
            case .constant(let bits): try body(part, .constant(bits), &cost)
            case .stored(let brick):
                statistics.brickCount += 1
                guard brick.brickByteCount == layout.brickByteCount else {
                    throw DatabaseError(
                        "XX001",
                        "a brick of \(layout.path) has \(brick.brickByteCount) bytes, not \(layout.brickByteCount)"
                    )
                }
                let place = VoxelBox(origin: part.lower.relative(to: origin), extent: part.extent)
                try body(part, .brick(brick, place: place), &cost)
            }
        }
        statistics.decodedBrickCount += cost.decodedCount
        statistics.cachedBrickCount += cost.cachedCount
        statistics.readByteCount += cost.readByteCount
        statistics.decodedByteCount += cost.decodedCount * layout.brickByteCount
    }

    private func withWindow(
        of voxels: VoxelStorage, _ place: VoxelBox, _ body: (VoxelWindow) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let layout = reader.layout
        let visited = voxels.withUnsafeBytes { bytes in
            Result { () throws(DatabaseError) in
                guard let base = bytes.baseAddress else { return }
                try body(
                    VoxelWindow(
                        base, arrayExtent: layout.grid.brick, origin: place.lower, extent: place.extent,
                        voxelByteCount: layout.voxelType.byteCount))
            }
        }
        try visited.get()
    }
}
