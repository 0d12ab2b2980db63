import BossCodec
import BossGeometry
import BossStorage
import BossVoxels

/// Makes the new page of one cuboid.
struct PageAssembly {
    let writer: CutoutWriter
    private let source: CutoutWriter.Source
    private let mode: WriteMode
    private let key: CuboidKey
    let base: ResolvedPage
    private let fullPagesOnly: Bool
    private let pendingBricks: Set<Int>
    /// Bricks that the box touches: number, first voxel, touched voxels.
    let touched: [(brickIndex: Int, origin: VoxelPoint, part: VoxelBox)]

    init(
        writer: CutoutWriter, source: CutoutWriter.Source, mode: WriteMode, key: CuboidKey,
        base: ResolvedPage, fullPagesOnly: Bool, pendingBricks: Set<Int>
    ) {
        self.writer = writer
        self.source = source
        self.mode = mode
        self.key = key
        self.base = base
        self.fullPagesOnly = fullPagesOnly
        self.pendingBricks = pendingBricks
        var touched: [(brickIndex: Int, origin: VoxelPoint, part: VoxelBox)] = []
        if let index = try? MortonCode(rawValue: key.morton).index,
            let clip = writer.layout.grid.box(of: index).intersection(source.box)
        {
            writer.layout.grid.forEachBrick(in: clip, of: index) { touched.append(($0, $1, $2)) }
        }
        self.touched = touched
    }

    /// Computes the touched bricks and puts them into a full or a delta page.
    func make() throws(DatabaseError) -> CutoutWriter.PageChange {
        switch source.content {
        case .change(let function): return try changedPage(by: function)
        case .voxels(let bytes):
            if !base.isWritten { return try pageInEmptySpace(bytes) }
            return try change { (brickIndex, origin, part) throws(DatabaseError) in
                let (brick, changed) = try newBrick(brickIndex, origin, part, bytes)
                return changed > 0 ? (.voxels(brick), changed) : nil
            }
        }
    }

    /// A brick of a new page.
    enum NewBrick {
        case voxels(VoxelStorage)
        case constant(UInt64)
    }

    /// Puts the touched bricks that change into a page.
    ///
    /// - Parameter newBrick: a touched brick by number, first voxel and touched part, with the number of voxels that
    ///   change; nil where none does.
    func change(
        _ newBrick: (Int, VoxelPoint, VoxelBox) throws(DatabaseError) -> (brick: NewBrick, changed: Int)?
    ) throws(DatabaseError) -> CutoutWriter.PageChange {
        var change = CutoutWriter.PageChange()
        var bricks: [Int: NewBrick] = [:]
        for (brickIndex, origin, part) in touched {
            guard let new = try newBrick(brickIndex, origin, part) else { continue }
            change.changedVoxelCount += new.changed
            bricks[brickIndex] = new.brick
        }
        guard !bricks.isEmpty else { return change }
        change.dependsOnBase = true
        change.page = try mappingErrors { () throws(StorageError) in try page(with: bricks) }
        return change
    }

    /// A cuboid in empty space: gathered straight into the page, without a look at anything older. Over
    /// background all modes do the same.
    private func pageInEmptySpace(_ bytes: SharedBytes) throws(DatabaseError) -> CutoutWriter.PageChange {
        let layout = writer.layout
        var builder = makeBuilder(.full, brickCapacity: layout.grid.brickCount)
        let parts = Dictionary(
            uniqueKeysWithValues: touched.map { ($0.brickIndex, (origin: $0.origin, part: $0.part)) })
        var changed = 0
        for brickIndex in 0..<layout.grid.brickCount {
            guard let (origin, part) = parts[brickIndex] else {
                builder.appendConstant(brick: brickIndex, bits: layout.backgroundBits)
                continue
            }
            try mappingErrors { () throws(StorageError) in
                try builder.append(brick: brickIndex) { (voxels) throws(StorageError) in
                    guard let target = voxels.baseAddress else { return }
                    if part.extent != layout.grid.brick { fillBrick(target, with: layout.backgroundBits) }
                    gather(part, of: bytes, to: target, at: part.lower.relative(to: origin))
                    changed += countForeground(UnsafeRawPointer(target))
                }
            }
        }
        guard changed > 0 else { return CutoutWriter.PageChange() }
        return CutoutWriter.PageChange(
            page: builder.finish(), dependsOnBase: true, changedVoxelCount: changed)
    }

    func fillBrick(_ target: UnsafeMutableRawPointer, with bits: UInt64) {
        let brick = writer.layout.grid.brick
        VoxelCopy.fillBox(
            in: target, destinationExtent: brick, destinationOrigin: .zero, extent: brick,
            voxelByteCount: writer.layout.voxelType.byteCount, valueBits: bits)
    }

    private func countForeground(_ voxels: UnsafeRawPointer) -> Int {
        let brick = writer.layout.grid.brick
        let window = VoxelWindow(voxels, extent: brick, voxelByteCount: writer.layout.voxelType.byteCount)
        return brick.voxelCount - VoxelScan.count(of: writer.layout.backgroundBits, in: window)
    }

    private func gather(
        _ part: VoxelBox, of bytes: SharedBytes, to target: UnsafeMutableRawPointer, at origin: VoxelPoint,
        in array: VoxelExtent? = nil
    ) {
        VoxelCopy.copyBox(
            from: bytes.base, sourceExtent: source.box.extent,
            sourceOrigin: part.lower.relative(to: source.box.lower), to: target,
            destinationExtent: array ?? writer.layout.grid.brick, destinationOrigin: origin,
            extent: part.extent, voxelByteCount: writer.layout.voxelType.byteCount)
    }

    /// The old brick with the new voxels over it.
    private func newBrick(
        _ brickIndex: Int, _ origin: VoxelPoint, _ part: VoxelBox, _ written: SharedBytes
    ) throws(DatabaseError) -> (VoxelStorage, Int) {
        let layout = writer.layout
        let brick = VoxelStorage(byteCount: layout.brickByteCount, zeroed: false)
        let merged = brick.withUnsafeMutableBytes { bytes in
            Result { () throws(DatabaseError) -> Int in
                guard let target = bytes.baseAddress else { return 0 }
                try fill(bytes, with: base.source(ofBrick: brickIndex))
                let place = part.lower.relative(to: origin)
                if mode == .strict, conflicts(part, written, target, place) {
                    throw DatabaseError(
                        "23V01",
                        "voxels of \(layout.path) in \(part) are set already, and STRICT replaces none",
                        hint: "use MODE PRESERVE to keep them or MODE OVERWRITE to replace them")
                }
                return VoxelCopy.mergeBox(
                    from: written.base, sourceExtent: source.box.extent,
                    sourceOrigin: part.lower.relative(to: source.box.lower), to: target,
                    destinationExtent: layout.grid.brick, destinationOrigin: place, extent: part.extent,
                    voxelByteCount: layout.voxelType.byteCount, mode: mode.mergeMode,
                    backgroundBits: layout.backgroundBits)
            }
        }
        return (brick, try merged.get())
    }

    private func conflicts(
        _ part: VoxelBox, _ written: SharedBytes, _ target: UnsafeMutableRawPointer, _ place: VoxelPoint
    ) -> Bool {
        if let mapping = writer.mapping { return conflicts(part, written, target, place, mapping) }
        return VoxelCopy.conflicts(
            from: written.base, sourceExtent: source.box.extent,
            sourceOrigin: part.lower.relative(to: source.box.lower), to: UnsafeRawPointer(target),
            destinationExtent: writer.layout.grid.brick, destinationOrigin: place, extent: part.extent,
            voxelByteCount: writer.layout.voxelType.byteCount, backgroundBits: writer.layout.backgroundBits)
    }

    /// The same for what both read as: labels of one object replace one another.
    private func conflicts(
        _ part: VoxelBox, _ written: SharedBytes, _ target: UnsafeMutableRawPointer, _ place: VoxelPoint,
        _ mapping: LabelMapping
    ) -> Bool {
        let (extent, width) = (part.extent, writer.layout.voxelType.byteCount)
        let shown = VoxelStorage(byteCount: 2 * part.voxelCount * width, zeroed: false)
        return shown.withUnsafeMutableBytes { bytes in
            guard let new = bytes.baseAddress else { return false }
            let old = new + part.voxelCount * width
            gather(part, of: written, to: new, at: .zero, in: extent)
            VoxelCopy.copyBox(
                from: target, sourceExtent: writer.layout.grid.brick, sourceOrigin: place, to: old,
                destinationExtent: extent, destinationOrigin: .zero, extent: extent, voxelByteCount: width)
            for voxels in [new, old] {
                mapping.apply(to: MutableVoxelWindow(voxels, extent: extent, voxelByteCount: width))
            }
            return VoxelCopy.conflicts(
                from: new, sourceExtent: extent, sourceOrigin: .zero, to: UnsafeRawPointer(old),
                destinationExtent: extent, destinationOrigin: .zero, extent: extent, voxelByteCount: width,
                backgroundBits: writer.layout.backgroundBits)
        }
    }

    func fill(_ bytes: UnsafeMutableRawBufferPointer, with old: BrickSource) throws(DatabaseError) {
        guard let target = bytes.baseAddress else { return }
        let layout = writer.layout
        switch old {
        case .background: fillBrick(target, with: layout.backgroundBits)
        case .constant(let bits): fillBrick(target, with: bits)
        case .stored(let brick):
            guard brick.brickByteCount == bytes.count else {
                throw DatabaseError(
                    "XX001", "a brick of \(layout.path) has \(brick.brickByteCount) bytes, not \(bytes.count)"
                )
            }
            var cost = BrickReadCost()
            do { try writer.engine.decode(brick, into: bytes, cost: &cost) } catch {
                throw DatabaseError(error)
            }
        }
    }

    private func makeBuilder(_ kind: PageKind, brickCapacity: Int) -> PageBuilder {
        let layout = writer.layout
        return PageBuilder(
            key: key, kind: kind, encoder: layout.encoder, voxelByteCount: layout.voxelType.byteCount,
            brickByteCount: layout.brickByteCount, brickCapacity: brickCapacity,
            baseSequence: base.baseSequence,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(layout.brickByteCount), zeroed: false),
            labels: layout.labelScope)
    }

    /// A full page when there is nothing to lay a delta on, or too much above it already; else a delta.
    private func page(with bricks: [Int: NewBrick]) throws(StorageError) -> EncodedPage {
        let brickCount = writer.layout.grid.brickCount
        let listed = Set(bricks.keys).union(pendingBricks)
        // A transaction keeps one page a cuboid, and no delta can take the place of a full one.
        let isPendingFull = base.baseSequence == .max
        let isFull =
            fullPagesOnly || isPendingFull || !base.isWritten || base.constantBits != nil
            || listed.count * 2 >= brickCount
            || base.deltaCount >= CutoutWriter.maximumDeltaCount
        var builder = makeBuilder(isFull ? .full : .delta, brickCapacity: isFull ? brickCount : listed.count)
        for brickIndex in isFull ? Array(0..<brickCount) : listed.sorted() {
            switch bricks[brickIndex] {
            case .voxels(let voxels):
                try builder.append(brick: brickIndex) { (target) throws(StorageError) in
                    voxels.withUnsafeBytes { target.copyMemory(from: $0) }
                }
            case .constant(let bits): builder.appendConstant(brick: brickIndex, bits: bits)
            case nil:
                try builder.append(
                    brick: brickIndex, copying: base.source(ofBrick: brickIndex),
                    backgroundBits: writer.layout.backgroundBits, from: writer.engine)
            }
        }
        return try PageLabelling(
            writer: writer, base: base, key: key, listed: listed, computed: Set(bricks.keys)
        )
        .finish(&builder, isFull: isFull)
    }
}
