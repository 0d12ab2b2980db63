import BossCatalog
import BossCodec
public import BossGeometry
import BossStorage
public import BossVoxels
import Synchronization

/// What building one resolution level did.
public struct LevelSummary: Hashable, Sendable {
    /// The level that was built.
    public let level: ResolutionLevel
    /// Cuboids of the level below that hold data.
    public let readPageCount: Int
    /// Cuboids written.
    public let writtenPageCount: Int
    /// Wall time.
    public let milliseconds: Double
}

extension Channel {
    /// Builds coarser levels from finer ones, all of them in one commit.
    ///
    /// Both chains of an anisotropic hierarchy are built: the normal one, which never reduces z, and the
    /// isotropic one beside it. Space without data is skipped.
    ///
    /// - Parameters:
    ///   - from: the finest level to start from, the base level by default.
    ///   - to: the coarsest to build, the last of the experiment by default.
    ///   - box: only what covers these voxels of level `from`; everything by default.
    ///   - method: mean for images, mode for labels by default.
    /// - Throws: 22V06 for levels that do not exist, 53100, 57014.
    @discardableResult
    public func downsample(
        from: Int? = nil, to: Int? = nil, box: VoxelBox? = nil, method: ReductionMethod? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [LevelSummary] {
        if database.isReadOnly { throw DatabaseError(StorageError.readOnly) }
        let first = from ?? hierarchy.baseResolution
        let last = to ?? hierarchy.lastLevel
        guard hierarchy.baseResolution <= first, first < last, last <= hierarchy.lastLevel else {
            if from == nil, to == nil, hierarchy.lastLevel == hierarchy.baseResolution { return [] }
            throw DatabaseError(
                "22V06", "\(path) has no levels \(first) to \(last)",
                hint: "its levels are \(hierarchy.baseResolution) to \(hierarchy.lastLevel)")
        }
        let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
        let builder = LevelBuilder(
            reader: reader(hint: .scan), bulk: bulk, method: method ?? (isAnnotation ? .mode : .mean),
            control: control)
        let start = try mappingErrors { () throws(GeometryError) in try ResolutionLevel(level: first) }
        var summaries: [LevelSummary] = []
        for level in try levels(above: first, through: last) {
            guard let source = hierarchy.source(of: level) else { continue }
            let wanted = try box.map { (box) throws(DatabaseError) in
                try mappingErrors { () throws(GeometryError) in try hierarchy.box(box, from: start, to: level)
                }
            }
            for time in 0..<layout.timeSampleCount {
                summaries.append(try builder.build(level, from: source, time: time, within: wanted))
            }
        }
        bulk.describe("DOWNSAMPLE \(path) FROM \(first) TO \(last)")
        _ = try commit(bulk)
        if box == nil, first == hierarchy.baseResolution, last == hierarchy.lastLevel,
            record.channel.downsampleStatus != .downsampled
        {
            try mappingErrors { () throws(CatalogError) in
                try database.catalog.setDownsampleStatus(.downsampled, channelID: layout.channel)
            }
        }
        return summaries
    }

    private func levels(above first: Int, through last: Int) throws(DatabaseError) -> [ResolutionLevel] {
        try mappingErrors { () throws(GeometryError) in
            var levels: [ResolutionLevel] = []
            for level in first + 1...last { levels.append(try ResolutionLevel(level: level)) }
            if let distinct = hierarchy.firstDistinctIsotropicLevel, hierarchy.method == .anisotropic {
                for level in max(first + 1, distinct)...max(last, distinct) where level <= last {
                    levels.append(try ResolutionLevel(level: level, isIsotropic: true))
                }
            }
            return levels
        }
    }
}

/// Builds one level: decode, reduce and encode a brick at a time, cuboids in parallel.
struct LevelBuilder: Sendable {
    let reader: CutoutReader
    let bulk: BulkTransaction
    let method: ReductionMethod
    let control: OperationControl

    private var layout: ChannelLayout { reader.layout }

    /// Builds the cuboids of a level whose sources hold data.
    func build(
        _ level: ResolutionLevel, from source: ResolutionLevel, time: Int, within box: VoxelBox?
    ) throws(DatabaseError) -> LevelSummary {
        let clock = ContinuousClock()
        let started = clock.now
        let view = bulk.view
        let levelBox = layout.hierarchy.box(at: level)
        guard let target = box.map({ levelBox.intersection($0) }) ?? levelBox else {
            return LevelSummary(level: level, readPageCount: 0, writtenPageCount: 0, milliseconds: 0)
        }
        let factors = layout.hierarchy.factors(from: source.level, isIsotropic: level.isIsotropic)
        let (parents, readCount) = try parents(view, level, source, time, target, factors)
        let done = Mutex(0)
        let written = Mutex(0)
        let cuboidByteCount = layout.grid.cuboid.voxelCount * layout.voxelType.byteCount
        try reader.workers.forEach(parents.count) { (number) throws(DatabaseError) in
            try control.cancellation.check()
            if try buildCuboid(parents[number], level, source, time, view, factors) {
                written.withLock { $0 += 1 }
            }
            let count = done.withLock { done in
                done += 1
                return done
            }
            control.progress?(
                Progress(
                    title: "downsample \(layout.path) to \(level)",
                    completedByteCount: count * cuboidByteCount,
                    totalByteCount: parents.count * cuboidByteCount))
        }
        let elapsed = started.duration(to: clock.now)
        return LevelSummary(
            level: level, readPageCount: readCount, writtenPageCount: written.withLock { $0 },
            milliseconds: Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds)
                / 1e15)
    }

    /// Cuboids of the new level: those above written sources, and those written before; of a whole level without any, the
    /// one that says that it was built.
    private func parents(
        _ view: View, _ level: ResolutionLevel, _ source: ResolutionLevel, _ time: Int, _ target: VoxelBox,
        _ factors: VoxelExtent
    ) throws(DatabaseError) -> (codes: [UInt64], readCount: Int) {
        let range = try layout.cuboids(touching: target)
        let all: ClosedRange<UInt64> = 0...UInt64.max >> 1
        let (below, existing) = try mappingErrors { () throws(StorageError) in
            (
                try view.writtenCodes(layout.group(source, time: time), in: all),
                try view.writtenCodes(layout.group(level, time: time), in: range.codeSpan)
            )
        }
        var codes = Set<UInt64>()
        var readCount = 0
        for code in below {
            guard let index = try? MortonCode(rawValue: code).index else { continue }
            let parent = CuboidIndex(
                x: index.x / UInt32(factors.x), y: index.y / UInt32(factors.y), z: index.z / UInt32(factors.z)
            )
            guard range.contains(parent), let code = try? MortonCode(parent) else { continue }
            codes.insert(code.rawValue)
            readCount += 1
        }
        for code in existing where range.contains(rawCode: code) { codes.insert(code) }
        let isMarked = layout.group(level, time: time) == layout.buildMark(level)
        if codes.isEmpty, isMarked, target == layout.hierarchy.box(at: level) {
            codes.insert(range.codeSpan.lowerBound)
        }
        return (codes.sorted(), readCount)
    }

    /// Builds one cuboid.
    ///
    /// - Returns: false when it would be background and nothing was there before.
    private func buildCuboid(
        _ code: UInt64, _ level: ResolutionLevel, _ source: ResolutionLevel, _ time: Int, _ view: View,
        _ factors: VoxelExtent
    ) throws(DatabaseError) -> Bool {
        guard let index = try? MortonCode(rawValue: code).index else { return false }
        let key = CuboidKey(group: layout.group(level, time: time), morton: code)
        let scratch = VoxelStorage(byteCount: BrickEncoder.outputBound(layout.brickByteCount), zeroed: false)
        var builder = PageBuilder(
            key: key, kind: .full, encoder: layout.encoder, voxelByteCount: layout.voxelType.byteCount,
            brickByteCount: layout.brickByteCount, brickCapacity: layout.grid.brickCount, scratch: scratch,
            labels: layout.labelScope)
        let (levelBox, sourceBox) = (layout.hierarchy.box(at: level), layout.hierarchy.box(at: source))
        for brickIndex in 0..<layout.grid.brickCount {
            let brick = layout.grid.box(ofBrick: brickIndex, in: index)
            guard let part = brick.intersection(levelBox),
                let below = part.scaled(by: factors).intersection(sourceBox)
            else {
                builder.appendConstant(brick: brickIndex, bits: layout.backgroundBits)
                continue
            }
            let voxels = VoxelStorage(byteCount: below.voxelCount * layout.voxelType.byteCount, zeroed: false)
            let read = voxels.withUnsafeMutableBytes { memory in
                Result { () throws(DatabaseError) in
                    try reader.withOneWorker.read(view, level: source, time: time, box: below, into: memory)
                }
            }
            _ = try read.get()
            let phase = below.lower.phase(factors)
            try mappingErrors { () throws(StorageError) in
                try builder.append(brick: brickIndex) { (target) throws(StorageError) in
                    reduce(voxels, below, phase, into: target, brick, part, factors)
                }
            }
        }
        let page = builder.finish()
        try mappingErrors { () throws(StorageError) in try bulk.add(page, dependsOnBase: false) }
        return true
    }

    private func reduce(
        _ voxels: VoxelStorage, _ below: VoxelBox, _ phase: VoxelPoint,
        into target: UnsafeMutableRawBufferPointer,
        _ brick: VoxelBox, _ part: VoxelBox, _ factors: VoxelExtent
    ) {
        guard let base = target.baseAddress else { return }
        let byteCount = layout.voxelType.byteCount
        if part != brick {
            VoxelCopy.fillBox(
                in: base, destinationExtent: brick.extent, destinationOrigin: .zero, extent: brick.extent,
                voxelByteCount: byteCount, valueBits: layout.backgroundBits)
        }
        voxels.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            VoxelReduction.reduce(
                from: VoxelWindow(source, extent: below.extent, voxelByteCount: byteCount), phase: phase,
                to: MutableVoxelWindow(
                    base, arrayExtent: brick.extent, origin: part.lower.relative(to: brick.lower),
                    extent: part.extent,
                    voxelByteCount: byteCount),
                factors: factors, method: method, voxelType: layout.voxelType)
        }
    }
}

extension VoxelBox {
    /// The voxels of the finer level that these cover.
    func scaled(by factors: VoxelExtent) -> VoxelBox {
        VoxelBox(
            x: lower.x * factors.x..<upper.x * factors.x, y: lower.y * factors.y..<upper.y * factors.y,
            z: lower.z * factors.z..<upper.z * factors.z)
    }
}

extension VoxelPoint {
    /// Voxels that the first window lacks along each axis.
    func phase(_ factors: VoxelExtent) -> VoxelPoint {
        VoxelPoint(x: x % factors.x, y: y % factors.y, z: z % factors.z)
    }
}

extension CutoutReader {
    /// The same reader for code that is already one of several workers.
    var withOneWorker: CutoutReader {
        var reader = self
        reader.workers = Workers(count: 1)
        return reader
    }
}
