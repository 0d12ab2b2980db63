import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Reads boxes of one channel out of a view: box to sorted Morton codes, codes to pages, pages to bricks,
/// bricks into the result, each voxel copied once.
struct CutoutReader: Sendable {
    let engine: StorageEngine
    let layout: ChannelLayout
    var workers: Workers
    var hint = CacheHint.interactive
    /// What labels read as; without it they are read as they are stored.
    var mapping: LabelMapping?
    /// What is made of each stored voxel, in the place of the mapping.
    var function: VoxelFunction?

    /// Bytes of a voxel of the result.
    private var resultByteCount: Int { (function?.result ?? layout.voxelType).byteCount }

    /// Beyond this many cuboids in a box only those that were written are looked for.
    private static let denseCuboidLimit = 1 << 16
    /// Work below this many bytes is not worth waking another thread. Copies are counted in cache lines: a
    /// plane across the rows of its bricks touches one for every voxel.
    private static let parallelCopyByteCount = 3 << 20
    private static let cacheLineByteCount = 64
    private static let parallelDecodeByteCount = 256 << 10

    /// The part of one stored brick that a read wants.
    struct BrickPart: Sendable {
        let brick: StoredBrick
        /// First voxel of the brick.
        let brickOrigin: VoxelPoint
        /// Wanted voxels, absolute.
        let clip: VoxelBox
    }

    /// Fills dense C-order memory with a box; parts outside what was written get the background.
    ///
    /// - Parameters:
    ///   - box: absolute voxels of the level, at least one.
    ///   - memory: exactly the voxels of the box, or what the function makes of them.
    /// - Returns: what was touched.
    func read(
        _ view: View, level: ResolutionLevel, time: Int, box: VoxelBox,
        into memory: UnsafeMutableRawBufferPointer, cancellation: Cancellation = Cancellation()
    ) throws(DatabaseError) -> ReadStatistics {
        precondition(memory.count == box.voxelCount * resultByteCount, "memory for the box")
        let group = layout.group(level, time: time)
        let pages = try locate(view, group, box)
        return try fill(pages, group, box, memory, cancellation)
    }

    /// Finds the cuboids of a box, unwritten ones included unless there are very many.
    func locate(_ view: View, _ group: PageGroup, _ box: VoxelBox) throws(DatabaseError) -> [LocatedPage] {
        let codes = try codes(view, group, box)
        return try mappingErrors { () throws(StorageError) in try view.locate(group, codes: codes) }
    }

    /// Morton codes of the cuboids of a box, ascending; only of written ones when there are very many.
    func codes(_ view: View, _ group: PageGroup, _ box: VoxelBox) throws(DatabaseError) -> [UInt64] {
        let range = try layout.cuboids(touching: box)
        if range.count <= Self.denseCuboidLimit { return range.mortonCodes().map(\.rawValue) }
        return try mappingErrors { () throws(StorageError) in
            let ends = range.codeSpan
            return try view.writtenCodes(group, in: ends).filter { range.contains(rawCode: $0) }
        }
    }

    private func fill(
        _ pages: [LocatedPage], _ group: PageGroup, _ box: VoxelBox, _ memory: UnsafeMutableRawBufferPointer,
        _ cancellation: Cancellation
    ) throws(DatabaseError) -> ReadStatistics {
        let target = SharedMemory(memory)
        var statistics = ReadStatistics()
        var parts: [BrickPart] = []
        if try layout.cuboids(touching: box).count != pages.count {
            fillConstant(target, box, clip: box, bits: layout.backgroundBits)
        }
        for page in pages {
            guard let index = try? MortonCode(rawValue: page.morton).index,
                let clip = layout.grid.box(of: index).intersection(box)
            else { continue }
            guard page.base != nil || !page.deltas.isEmpty else {
                fillConstant(target, box, clip: clip, bits: layout.backgroundBits)
                continue
            }
            statistics.pageCount += 1
            let resolved = try mappingErrors { () throws(StorageError) in try engine.resolve(page, group) }
            if let bits = resolved.constantBits {
                fillConstant(target, box, clip: clip, bits: shown(bits))
                continue
            }
            layout.grid.forEachBrick(in: clip, of: index) { brickIndex, origin, part in
                switch resolved.source(ofBrick: brickIndex) {
                case .background: fillConstant(target, box, clip: part, bits: layout.backgroundBits)
                case .constant(let bits): fillConstant(target, box, clip: part, bits: shown(bits))
                case .stored(let brick):
                    parts.append(BrickPart(brick: brick, brickOrigin: origin, clip: part))
                }
            }
        }
        statistics.brickCount = parts.count
        try copy(parts, box, target, &statistics, cancellation)
        return statistics
    }

    private func fillConstant(_ target: SharedMemory, _ box: VoxelBox, clip: VoxelBox, bits: UInt64) {
        VoxelCopy.fillBox(
            in: target.base, destinationExtent: box.extent,
            destinationOrigin: clip.lower.relative(to: box.lower),
            extent: clip.extent, voxelByteCount: resultByteCount, valueBits: function?(bits) ?? bits)
    }

    private func copy(
        _ parts: [BrickPart], _ box: VoxelBox, _ target: SharedMemory, _ statistics: inout ReadStatistics,
        _ cancellation: Cancellation
    ) throws(DatabaseError) {
        guard !parts.isEmpty else { return }
        engine.prefetch(parts.map(\.brick))
        let isParallel = parts.count > 1 && workers.count > 1 && isWorthSharing(parts)
        let total = Mutex(BrickReadCost())
        let chunk = isParallel ? max(1, min(16, parts.count / (4 * workers.count))) : parts.count
        let body: @Sendable (Int) throws(DatabaseError) -> Void = { (number) throws(DatabaseError) in
            try cancellation.check()
            var cost = BrickReadCost()
            for part in parts[number * chunk..<min((number + 1) * chunk, parts.count)] {
                try copy(part, box, target, &cost)
            }
            let spent = cost
            total.withLock { $0.add(spent) }
        }
        let chunkCount = (parts.count + chunk - 1) / chunk
        try workers.forEach(chunkCount, body)
        let cost = total.withLock { $0 }
        statistics.decodedBrickCount += cost.decodedCount
        statistics.cachedBrickCount += cost.cachedCount
        statistics.readByteCount += cost.readByteCount
        statistics.decodedByteCount += cost.decodedCount * layout.brickByteCount
    }

    /// Whether the work on parts outweighs waking another thread.
    private func isWorthSharing(_ parts: [BrickPart]) -> Bool {
        var (encoded, touched) = (0, 0)
        for part in parts {
            if !part.brick.isRaw { encoded += part.brick.brickByteCount }
            let extent = part.clip.extent
            let rowByteCount = extent.x * resultByteCount
            touched += extent.y * extent.z * max(Self.cacheLineByteCount, rowByteCount)
            if encoded >= Self.parallelDecodeByteCount || touched >= Self.parallelCopyByteCount {
                return true
            }
        }
        return false
    }

    private func copy(
        _ part: BrickPart, _ box: VoxelBox, _ target: SharedMemory, _ cost: inout BrickReadCost
    ) throws(DatabaseError) {
        guard part.brick.brickByteCount == layout.brickByteCount else {
            throw DatabaseError(
                "XX001",
                "a brick of \(layout.path) has \(part.brick.brickByteCount) bytes, not \(layout.brickByteCount)"
            )
        }
        if let function { return try copy(part, through: function, box, target, &cost) }
        var plan = VoxelCopy.Plan(
            sourceExtent: layout.grid.brick, sourceOrigin: part.clip.lower.relative(to: part.brickOrigin),
            to: target.base, destinationExtent: box.extent,
            destinationOrigin: part.clip.lower.relative(to: box.lower), extent: part.clip.extent,
            voxelByteCount: layout.voxelType.byteCount)
        if let mapping { return try copyMapped(part, mapping, box, target, &plan, &cost) }
        do { try engine.copy(part.brick, plan: &plan, hint: hint, cost: &cost) } catch {
            throw DatabaseError(error)
        }
    }
}

extension CutoutReader {
    /// Copies the part of a brick that a read wants, each voxel as what the function makes of it.
    private func copy(
        _ part: BrickPart, through function: VoxelFunction, _ box: VoxelBox, _ target: SharedMemory,
        _ cost: inout BrickReadCost
    ) throws(DatabaseError) {
        let content: DecodedBrick
        do { content = try engine.content(of: part.brick, hint: hint, cost: &cost) } catch {
            throw DatabaseError(error)
        }
        let origin = part.clip.lower.relative(to: part.brickOrigin)
        let window = MutableVoxelWindow(
            target.base, arrayExtent: box.extent, origin: part.clip.lower.relative(to: box.lower),
            extent: part.clip.extent, voxelByteCount: resultByteCount)
        switch content {
        case .runs(let runs):
            try layout.requireBrick(runs.extent)
            runs.fill(window, from: origin, by: function.callAsFunction)
        case .voxels(let voxels):
            voxels.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                let source = VoxelWindow(
                    base, arrayExtent: layout.grid.brick, origin: origin, extent: part.clip.extent,
                    voxelByteCount: layout.voxelType.byteCount)
                VoxelTransform.apply(function.callAsFunction, to: source, into: window)
            }
        }
    }
}

extension ChannelLayout {
    /// - Throws: XX001 for runs of another shape than the channel's bricks.
    func requireBrick(_ extent: VoxelExtent) throws(DatabaseError) {
        guard extent == grid.brick else {
            throw DatabaseError("XX001", "a brick of \(path) has \(extent) voxels, not \(grid.brick)")
        }
    }
}

extension BrickReadCost {
    mutating func add(_ other: BrickReadCost) {
        readByteCount += other.readByteCount
        decodedCount += other.decodedCount
        cachedCount += other.cachedCount
    }
}
