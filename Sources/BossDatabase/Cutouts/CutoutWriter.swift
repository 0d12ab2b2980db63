import BossCodec
import BossGeometry
import BossStorage
import BossVoxels

/// What a write does with voxels that are there already.
public enum WriteMode: String, CaseIterable, Hashable, Sendable {
    /// Every voxel takes its new value, background included.
    case overwrite = "OVERWRITE"
    /// Only new voxels other than the background are stored; what a BossDB cutout POST does.
    case nonzero = "NONZERO"
    /// Only voxels that are background now are stored.
    case preserve = "PRESERVE"
    /// The write fails with 23V01 if it would replace a voxel other than background by another value.
    case strict = "STRICT"

    var mergeMode: MergeMode {
        switch self {
        case .overwrite, .strict: .overwrite
        case .nonzero: .nonzero
        case .preserve: .preserve
        }
    }
}

/// Makes pages from a box of voxels: bricks that the box covers are encoded as they are, others are read,
/// overlaid and encoded again; untouched bricks are never decoded.
struct CutoutWriter: Sendable {
    let engine: StorageEngine
    let layout: ChannelLayout
    let workers: Workers
    /// What labels read as, for writes that compare.
    var mapping: LabelMapping?

    /// Delta pages above a full one, at most; the next write folds them into a full page.
    static let maximumDeltaCount = 4

    /// What is written to a box.
    struct Source: Sendable {
        enum Content: Sendable {
            /// Voxels in dense C-order memory of the box.
            case voxels(SharedBytes)
            /// What becomes of the voxels that are there.
            case change(VoxelFunction)
        }

        let content: Content
        let box: VoxelBox

        init(bytes: SharedBytes, box: VoxelBox) {
            content = .voxels(bytes)
            self.box = box
        }

        init(change: VoxelFunction, box: VoxelBox) {
            content = .change(change)
            self.box = box
        }
    }

    /// What became of one cuboid.
    struct PageChange: Sendable {
        /// Nil when no voxel changed.
        var page: EncodedPage?
        var dependsOnBase = false
        var changedVoxelCount = 0
    }

    /// Makes the new pages of all cuboids that a box touches, several at a time.
    ///
    /// - Parameters:
    ///   - view: what is there now, with the writes of the same transaction.
    ///   - fullPagesOnly: no deltas, as a bulk load needs.
    ///   - pendingBricks: bricks of a pending delta of the same transaction, which a new one must repeat.
    ///   - receive: gets each change; called from several threads.
    func write(
        _ source: Source, level: ResolutionLevel, time: Int, mode: WriteMode, view: View, fullPagesOnly: Bool,
        cancellation: Cancellation, pendingBricks: @Sendable (CuboidKey) -> Set<Int>,
        receive: @Sendable (CuboidKey, PageChange) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let group = layout.group(level, time: time)
        let codes = try codes(of: source, group, view)
        let pages = try mappingErrors { () throws(StorageError) in try view.locate(group, codes: codes) }
        try workers.forEach(pages.count) { (number) throws(DatabaseError) in
            try cancellation.check()
            let page = pages[number]
            let key = CuboidKey(group: group, morton: page.morton)
            let resolved = try mappingErrors { () throws(StorageError) in try engine.resolve(page, group) }
            let assembly = PageAssembly(
                writer: self, source: source, mode: mode, key: key, base: resolved,
                fullPagesOnly: fullPagesOnly, pendingBricks: pendingBricks(key))
            try receive(key, assembly.make())
        }
    }

    /// The cuboids that a write may change.
    private func codes(
        of source: Source, _ group: PageGroup, _ view: View
    ) throws(DatabaseError) -> [UInt64] {
        if case .change(let change) = source.content, change(layout.backgroundBits) == layout.backgroundBits {
            return try writtenCodes(change, source.box, group, view)
        }
        return try layout.cuboids(touching: source.box).mortonCodes().map(\.rawValue)
    }

    /// The cuboids of a box of which a change that leaves background as it is may change some voxel, ascending.
    func writtenCodes(
        _ change: VoxelFunction, _ box: VoxelBox, _ group: PageGroup, _ view: View
    ) throws(DatabaseError) -> [UInt64] {
        let range = try layout.cuboids(touching: box)
        if layout.isAnnotation {
            var entryCount = 0
            let indexed = try engine.cuboids(
                of: change.values, group, in: view, range, layout.grid, entryCount: &entryCount)
            if let indexed { return indexed }
        }
        return try mappingErrors { () throws(StorageError) in
            try view.writtenCodes(group, in: range.codeSpan).filter { range.contains(rawCode: $0) }
        }
    }
}
