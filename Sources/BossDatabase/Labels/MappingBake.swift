import BossCodec
import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

extension Channel {
    /// Writes merged IDs into the voxels of all levels and time samples and forgets the mapping, in one commit: reads show
    /// what they showed before. Older versions are read through the mapping that they had.
    ///
    /// Only cuboids that hold a merged ID are written, and those above them, so that levels stay up to date.
    ///
    /// - Returns: how many stored voxels of the base level were changed, and the commit; none where nothing is merged.
    /// - Throws: 22V08 for an image channel; 55000 while a level is older than the one below it; 40001 while others go on
    ///   writing to the channel, 53100, 57014, 25006.
    @discardableResult
    public func bakeMapping(control: OperationControl = OperationControl()) throws(DatabaseError)
        -> WriteSummary
    {
        try requireMapped()
        var attempt = 1
        while true {
            do throws(DatabaseError) { return try bakeOnce(control) } catch {
                guard error.sqlState == "40001", attempt < Self.bakeAttempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Attempts of a bake that loses against writers of the channel: each reads all of it.
    private static let bakeAttempts = 4

    private func bakeOnce(_ control: OperationControl) throws(DatabaseError) -> WriteSummary {
        let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
        let view = DatabaseView(view: bulk.base)
        guard let mapping = try mapping(in: view) else { return WriteSummary() }
        try refuseStaleLevels(view)
        let bake = MappingBake(
            reader: reader(hint: .scan), mapping: mapping, bulk: bulk, control: control)
        let changed = try bake.run()
        _ = try addMapping(of: nil, to: bulk)
        bulk.describe("BAKE MAPPING OF \(path)", changedVoxelCount: changed)
        var summary = WriteSummary()
        summary.changedVoxelCount = changed
        summary.commit = try commit(bulk)
        return summary
    }

    /// A level that is written again would pass for one that is up to date.
    private func refuseStaleLevels(_ view: DatabaseView) throws(DatabaseError) {
        for level in layout.storedLevels {
            let region = CutoutRegion(box: box(at: level), level: level, time: 0..<timeSampleCount)
            guard try freshness(of: region, view: view) == .stale else { continue }
            throw DatabaseError(
                "55000", "resolution \(level) of \(path) is older than the level below it",
                hint: "DOWNSAMPLE \(path), then BAKE MAPPING OF \(path)")
        }
    }
}

/// Writes the cuboids of a channel again that hold merged IDs.
private struct MappingBake: Sendable {
    let reader: CutoutReader
    let mapping: LabelMapping
    let bulk: BulkTransaction
    let control: OperationControl

    private var layout: ChannelLayout { reader.layout }

    /// A cuboid with its new page, if it gets one.
    private struct Baked {
        let page: EncodedPage?
        let changedVoxelCount: Int
    }

    /// Goes through all levels, finer ones first.
    ///
    /// - Returns: how many stored voxels of the base level were changed.
    func run() throws(DatabaseError) -> Int {
        var changed = 0
        // Cuboids that were written, by their group.
        var written: [PageGroup: Set<UInt64>] = [:]
        let base = try layout.baseLevel
        for level in layout.storedLevels {
            // Whoever writes to the channel meanwhile may write merged IDs where there were none.
            bulk.clear(
                lowest: CuboidKey(group: layout.group(level, time: 0), morton: 0),
                highest: CuboidKey(
                    group: layout.group(level, time: layout.timeSampleCount - 1), morton: .max >> 1))
            for time in 0..<layout.timeSampleCount {
                try control.cancellation.check()
                let group = layout.group(level, time: time)
                let forced = parents(over: written, level, time)
                let done = try bake(group, level, forced: forced)
                if !done.codes.isEmpty { written[group] = done.codes }
                if level == base { changed += done.changedVoxelCount }
            }
        }
        return changed
    }

    private func bake(
        _ group: PageGroup, _ level: ResolutionLevel, forced: Set<UInt64>
    ) throws(DatabaseError) -> (codes: Set<UInt64>, changedVoxelCount: Int) {
        let pages = try mappingErrors { () throws(StorageError) in
            let codes = try bulk.base.writtenCodes(group, in: 0...UInt64.max >> 1)
            return try bulk.base.locate(group, codes: codes)
        }
        let done = Mutex<(codes: Set<UInt64>, changed: Int, count: Int)>(([], 0, 0))
        let cuboidByteCount = layout.grid.cuboid.voxelCount * layout.voxelType.byteCount
        try reader.workers.forEach(pages.count) { (number) throws(DatabaseError) in
            try control.cancellation.check()
            let baked = try bake(pages[number], group, level, isForced: forced.contains(pages[number].morton))
            if let page = baked.page {
                try mappingErrors { () throws(StorageError) in try bulk.add(page, dependsOnBase: true) }
            }
            let count = done.withLock { done in
                if baked.page != nil { done.codes.insert(pages[number].morton) }
                done.changed += baked.changedVoxelCount
                done.count += 1
                return done.count
            }
            control.progress?(
                Progress(
                    title: "bake \(layout.path), resolution \(level)",
                    completedByteCount: count * cuboidByteCount,
                    totalByteCount: pages.count * cuboidByteCount))
        }
        return done.withLock { ($0.codes, $0.changed) }
    }

    /// Cuboids above those of the level below that were written: older than these they would pass for stale.
    private func parents(
        over written: [PageGroup: Set<UInt64>], _ level: ResolutionLevel, _ time: Int
    ) -> Set<UInt64> {
        guard let source = layout.hierarchy.source(of: level),
            let below = written[layout.group(source, time: time)]
        else { return [] }
        let factors = layout.hierarchy.factors(from: source.level, isIsotropic: level.isIsotropic)
        return Set(below.compactMap { layout.parent(of: $0, factors) })
    }

    private func bake(
        _ located: LocatedPage, _ group: PageGroup, _ level: ResolutionLevel, isForced: Bool
    ) throws(DatabaseError) -> Baked {
        let key = CuboidKey(group: group, morton: located.morton)
        let engine = reader.engine
        let resolved = try mappingErrors { () throws(StorageError) in try engine.resolve(located, group) }
        guard let index = try? MortonCode(rawValue: located.morton).index, resolved.isWritten else {
            let deletion = EncodedPage.constant(
                key: key, bits: 0, voxelByteCount: layout.voxelType.byteCount, isTombstone: true)
            return Baked(page: isForced ? deletion : nil, changedVoxelCount: 0)
        }
        let levelBox = layout.hierarchy.box(at: level)
        func voxelCount(_ box: VoxelBox) -> Int { box.intersection(levelBox)?.voxelCount ?? 0 }
        if let bits = resolved.constantBits {
            let root = mapping.root(of: bits)
            guard root != bits || isForced else { return Baked(page: nil, changedVoxelCount: 0) }
            return Baked(
                page: .constant(
                    key: key, bits: root, voxelByteCount: layout.voxelType.byteCount, isLabelled: true),
                changedVoxelCount: root == bits ? 0 : voxelCount(layout.grid.box(of: index)))
        }
        // What the summary of a cuboid knows needs no look at its voxels.
        let labels = try labels(located, group)
        if let labels, !labels.isChanged, !isForced { return Baked(page: nil, changedVoxelCount: 0) }
        var builder = layout.fullPageBuilder(key)
        var (changed, isTouched) = (0, isForced)
        for brick in 0..<layout.grid.brickCount {
            let source = resolved.source(ofBrick: brick)
            var count = 0
            switch source {
            case .background: break
            case .constant(let bits) where mapping.isMerged(bits):
                builder.appendConstant(brick: brick, bits: mapping.root(of: bits))
                isTouched = true
                changed += voxelCount(layout.grid.box(ofBrick: brick, in: index))
                continue
            case .constant: break
            case .stored(let stored): count = try append(brick, stored, to: &builder)
            }
            changed += count
            isTouched = isTouched || count > 0
            guard count == 0 else { continue }
            try mappingErrors { () throws(StorageError) in
                try builder.append(
                    brick: brick, copying: source, backgroundBits: layout.backgroundBits, from: engine)
            }
        }
        guard isTouched else { return Baked(page: nil, changedVoxelCount: changed) }
        return Baked(page: builder.finish(labels: labels?.baked), changedVoxelCount: changed)
    }

    /// The labels of a cuboid as they read, as far as they are known, and whether any is a merged one.
    private func labels(
        _ located: LocatedPage, _ group: PageGroup
    ) throws(DatabaseError) -> (baked: [PageLabel], isChanged: Bool)? {
        let stored = try mappingErrors { () throws(StorageError) in
            try reader.engine.labels(of: located, group)
        }
        guard case .labels(let labels) = stored else { return nil }
        var baked: [UInt64: PageLabel] = [:]
        for label in labels {
            let shown = label.renamed(mapping.root(of: label.id))
            if baked[shown.id]?.add(shown) == nil { baked[shown.id] = shown }
        }
        let isChanged = labels.contains { mapping.isMerged($0.id) }
        return (baked.values.sorted { $0.id < $1.id }, isChanged)
    }

    /// Appends a brick with merged IDs.
    ///
    /// - Returns: how many voxels have another value; 0, and nothing appended, when it holds none.
    private func append(
        _ brick: Int, _ stored: StoredBrick, to builder: inout PageBuilder
    ) throws(DatabaseError) -> Int {
        guard stored.brickByteCount == layout.brickByteCount else {
            throw DatabaseError(
                "XX001",
                "a brick of \(layout.path) has \(stored.brickByteCount) bytes, not \(layout.brickByteCount)")
        }
        let width = layout.voxelType.byteCount
        return try mappingErrors { () throws(StorageError) -> Int in
            var cost = BrickReadCost()
            switch try reader.engine.content(of: stored, hint: reader.hint, cost: &cost) {
            case .runs(let runs):
                guard runs.extent == layout.grid.brick, let baked = runs.replacingValues(mapping.root) else {
                    return 0
                }
                try builder.append(brick: brick) { (target) throws(StorageError) in
                    baked.array.fill(target, voxelByteCount: width)
                }
                return baked.changedVoxelCount
            case .voxels(let voxels):
                let copy = VoxelStorage(byteCount: layout.brickByteCount, zeroed: false)
                let count = copy.withUnsafeMutableBytes { bytes -> Int in
                    voxels.withUnsafeBytes { bytes.copyMemory(from: $0) }
                    guard let base = bytes.baseAddress else { return 0 }
                    return mapping.apply(
                        to: MutableVoxelWindow(base, extent: layout.grid.brick, voxelByteCount: width))
                }
                guard count > 0 else { return 0 }
                try builder.append(brick: brick) { (target) throws(StorageError) in
                    copy.withUnsafeBytes { target.copyMemory(from: $0) }
                }
                return count
            }
        }
    }
}

extension ChannelLayout {
    /// A builder for all bricks of a cuboid.
    fileprivate func fullPageBuilder(_ key: CuboidKey) -> PageBuilder {
        PageBuilder(
            key: key, kind: .full, encoder: encoder, voxelByteCount: voxelType.byteCount,
            brickByteCount: brickByteCount, brickCapacity: grid.brickCount,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(brickByteCount), zeroed: false))
    }

    /// The cuboid of a coarser level over one of the level that it is made from.
    fileprivate func parent(of code: UInt64, _ factors: VoxelExtent) -> UInt64? {
        guard let index = try? MortonCode(rawValue: code).index else { return nil }
        let parent = CuboidIndex(
            x: index.x / UInt32(factors.x), y: index.y / UInt32(factors.y), z: index.z / UInt32(factors.z))
        return try? MortonCode(parent).rawValue
    }
}
