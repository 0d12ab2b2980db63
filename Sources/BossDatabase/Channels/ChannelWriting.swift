import BossCatalog
public import BossGeometry
import BossStorage
public import BossVoxels
import Synchronization

/// What a write did.
public struct WriteSummary: Hashable, Sendable {
    /// Voxels whose value is another one now.
    public var changedVoxelCount = 0
    /// Whether `changedVoxelCount` was counted: not by the deletion of a very large region.
    public var isCounted = true
    /// Number of the commit; 0 when nothing changed or the write belongs to an open transaction.
    public var commit: UInt64 = 0

    /// Nothing written.
    public init() {}
}

extension Channel {
    /// Attempts of a write that loses against concurrent ones before it gives up.
    private static let attempts = 1000

    /// Writes a box of voxels; durable and visible when it returns, all or nothing.
    ///
    /// No alignment is needed: only the touched bricks are written.
    ///
    /// - Parameters:
    ///   - volume: axes z, y, x (one of them may be absent where its length is 1), or t, z, y, x.
    ///   - origin: its first voxel, absolute, at the channel's base level.
    ///   - time: first time sample, the channel's default by default.
    ///   - transaction: a transaction to write in; without one the write is its own.
    /// - Throws: 22V04 for another voxel type, 22V01 outside the extent, 23V01 in mode `strict`, 53100
    ///   when the disk is full (nothing is changed), 25006 on a read-only handle.
    @discardableResult
    public func write(
        _ volume: AnyVolume, at origin: VoxelPoint, time: Int? = nil, mode: WriteMode = .overwrite,
        in transaction: Transaction? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> WriteSummary {
        guard volume.voxelType == voxelType else {
            throw DatabaseError(
                "22V04", "\(path) holds \(voxelType.rawValue), the volume \(volume.voxelType.rawValue)",
                hint: "convert the voxels first")
        }
        let region = try writtenRegion(volume, origin, time)
        let written = volume.withUnsafeBytes { bytes in
            Result { () throws(DatabaseError) in
                try write(SharedBytes(bytes), region, mode: mode, in: transaction, control: control)
            }
        }
        return try written.get()
    }

    /// Writes voxels of a static type.
    @discardableResult
    public func write<Element>(
        _ volume: Volume<Element>, at origin: VoxelPoint, time: Int? = nil, mode: WriteMode = .overwrite,
        in transaction: Transaction? = nil
    ) throws(DatabaseError) -> WriteSummary {
        try write(volume.erased, at: origin, time: time, mode: mode, in: transaction)
    }

    private func writtenRegion(
        _ volume: AnyVolume, _ origin: VoxelPoint, _ time: Int?
    ) throws(DatabaseError) -> CheckedRegion {
        let spatial = volume.axes.filter { $0 != .t }
        guard spatial == [.z, .y, .x].filter(spatial.contains),
            volume.axes.first == .t || !volume.axes.contains(.t),
            volume.voxelCount > 0
        else {
            throw DatabaseError(
                "22V03", "axes \(volume.axes.map(\.rawValue)) are not T, Z, Y, X in this order")
        }
        let limit = VoxelPoint.coordinateLimit
        let upper = SpatialAxis.allCases.map { origin[$0].addingReportingOverflow(volume.extent[$0]) }
        guard upper.allSatisfy({ !$0.overflow && $0.partialValue <= limit }),
            SpatialAxis.allCases.allSatisfy({ origin[$0] >= -limit })
        else { throw DatabaseError("22V01", "origin \(origin) is outside the addressable space") }
        let first = time ?? record.channel.defaultTimeSample
        guard 0...Int(Int32.max) ~= first else {
            throw DatabaseError("22V01", "there is no time sample \(first)")
        }
        let box = VoxelBox(origin: origin, extent: volume.extent)
        return try checkWritable(CutoutRegion(box: box, time: first..<first + volume.length(.t)))
    }

    /// Checks a region that is to be written: inside the extent, at the base level.
    ///
    /// - Throws: 55V01 for another level, and as `check`.
    package func checkWritable(_ region: CutoutRegion) throws(DatabaseError) -> CheckedRegion {
        if database.isReadOnly { throw DatabaseError(StorageError.readOnly) }
        let checked = try check(region)
        guard layout.hierarchy.stored(checked.level) == (try layout.baseLevel) else {
            throw DatabaseError(
                "55V01",
                "\(path) takes writes at resolution \(layout.hierarchy.baseResolution), not \(checked.level)",
                hint: "write there, then DOWNSAMPLE \(path)")
        }
        return checked
    }

    private func write(
        _ bytes: SharedBytes, _ region: CheckedRegion, mode: WriteMode, in transaction: Transaction?,
        control: OperationControl
    ) throws(DatabaseError) -> WriteSummary {
        var summary = WriteSummary()
        if let transaction {
            summary.changedVoxelCount = try addPages(
                bytes, region, mode: mode, to: transaction, control: control)
            transaction.note(
                "INSERT CUTOUT INTO \(path)", changedVoxelCount: summary.changedVoxelCount)
            return summary
        }
        if region.voxelCount.multipliedSaturating(by: voxelType.byteCount) >= database.options.bulkByteCount {
            return try repeatingConflicts(in: region.box) { () throws(DatabaseError) in
                try writeInBulk(bytes, region, mode: mode, control: control)
            }
        }
        return try inOwnTransaction("INSERT CUTOUT INTO \(path)", in: region.box) {
            (own) throws(DatabaseError) in
            try addPages(bytes, region, mode: mode, to: own, control: control)
        }
    }

    /// Runs a write in a transaction of its own, and again when it loses against a concurrent one.
    func inOwnTransaction(
        _ action: String, in box: VoxelBox, _ write: (Transaction) throws(DatabaseError) -> Int
    ) throws(DatabaseError) -> WriteSummary {
        try repeatingConflicts(in: box) { () throws(DatabaseError) in
            let own = try database.beginStatement()
            var summary = WriteSummary()
            summary.changedVoxelCount = try write(own)
            own.note(action, changedVoxelCount: summary.changedVoxelCount)
            let commit = try own.finish()
            if summary.changedVoxelCount > 0 { summary.commit = commit }
            return summary
        }
    }

    /// Runs a write of a box again when it loses against a concurrent one; after that it waits for its turn.
    func repeatingConflicts(
        in box: VoxelBox, _ write: () throws(DatabaseError) -> WriteSummary
    ) throws(DatabaseError) -> WriteSummary {
        let cuboid = try layout.cuboids(touching: box).lower
        let turn = database.writeTurns.turn(channel: layout.channel, cuboid: cuboid)
        if !turn.isContended {
            do throws(DatabaseError) { return try write() } catch {
                guard error.sqlState == "40001" else { throw error }
                turn.noteConflict()
            }
        }
        return try turn.taken { () throws(DatabaseError) in
            var attempt = 1
            while true {
                do throws(DatabaseError) { return try write() } catch {
                    guard error.sqlState == "40001", attempt < Self.attempts else { throw error }
                    turn.noteConflict()
                    attempt += 1
                }
            }
        }
    }

    /// Pages of one statement, which reach the transaction together or not at all.
    struct CollectedPages: Sendable {
        var pages: [(page: EncodedPage, dependsOnBase: Bool)] = []
        /// Bytes of the pages, where they are counted.
        var byteCount = 0
        var changedVoxelCount = 0
    }

    private func addPages(
        _ bytes: SharedBytes, _ region: CheckedRegion, mode: WriteMode, to transaction: Transaction,
        control: OperationControl
    ) throws(DatabaseError) -> Int {
        try transaction.statement { () throws(DatabaseError) in
            let collected = Mutex(CollectedPages())
            try makePages(bytes, region, mode: mode, for: transaction, control: control, into: collected)
            return try add(collected, to: transaction)
        }
    }

    func makePages(
        _ bytes: SharedBytes, _ region: CheckedRegion, mode: WriteMode, for transaction: Transaction,
        control: OperationControl, into collected: borrowing Mutex<CollectedPages>
    ) throws(DatabaseError) {
        for (number, time) in region.time.enumerated() {
            let sample = bytes.advanced(by: number * region.box.voxelCount * voxelType.byteCount)
            try writer(mode, over: transaction.view.view).write(
                .init(bytes: sample, box: region.box), level: region.level, time: time, mode: mode,
                view: transaction.view.view, fullPagesOnly: false, cancellation: control.cancellation,
                pendingBricks: transaction.pendingBricks
            ) { (_, change) throws(DatabaseError) in
                collected.withLock { collected in
                    collected.changedVoxelCount += change.changedVoxelCount
                    if let page = change.page { collected.pages.append((page, change.dependsOnBase)) }
                }
            }
        }
    }

    func add(
        _ collected: borrowing Mutex<CollectedPages>, to transaction: Transaction
    ) throws(DatabaseError) -> Int {
        let result = collected.withLock { $0 }
        try transaction.add(result.pages, of: self)
        return result.changedVoxelCount
    }

    /// Large writes go straight to segment files.
    private func writeInBulk(
        _ bytes: SharedBytes, _ region: CheckedRegion, mode: WriteMode, control: OperationControl
    ) throws(DatabaseError) -> WriteSummary {
        let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
        var summary = WriteSummary()
        for (number, time) in region.time.enumerated() {
            let sample = bytes.advanced(by: number * region.box.voxelCount * voxelType.byteCount)
            summary.changedVoxelCount += try writer(mode, over: bulk.base).write(
                .init(bytes: sample, box: region.box), level: region.level, time: time, mode: mode, to: bulk,
                control: control)
        }
        bulk.describe("INSERT CUTOUT INTO \(path)", changedVoxelCount: summary.changedVoxelCount)
        let commit = try commit(bulk)
        if summary.changedVoxelCount > 0 { summary.commit = commit }
        return summary
    }

    /// Commits a load of the channel.
    ///
    /// - Throws: 42P01 when the channel was dropped meanwhile, 40001, 53100.
    func commit(_ bulk: BulkTransaction) throws(DatabaseError) -> UInt64 {
        do throws(StorageError) { return try bulk.commit() } catch {
            throw DatabaseError(error, committingTo: [layout.channel: path])
        }
    }

    var writer: CutoutWriter {
        CutoutWriter(engine: database.engine, layout: layout, workers: database.workers)
    }

    /// A writer for a mode: where old voxels are compared with new ones, merged IDs are the same.
    func writer(_ mode: WriteMode, over view: View) throws(DatabaseError) -> CutoutWriter {
        var writer = writer
        if mode == .strict { writer.mapping = try mapping(in: DatabaseView(view: view)) }
        return writer
    }
}

extension CutoutWriter {
    /// Writes a box into a bulk load.
    ///
    /// - Returns: how many voxels changed.
    func write(
        _ source: Source, level: ResolutionLevel, time: Int, mode: WriteMode, to bulk: BulkTransaction,
        control: OperationControl
    ) throws(DatabaseError) -> Int {
        let changed = Mutex(0)
        try write(
            source, level: level, time: time, mode: mode, view: bulk.base, fullPagesOnly: true,
            cancellation: control.cancellation, pendingBricks: { _ in [] }
        ) { (_, change) throws(DatabaseError) in
            changed.withLock { $0 += change.changedVoxelCount }
            guard let page = change.page else { return }
            try mappingErrors { () throws(StorageError) in
                try bulk.add(page, dependsOnBase: change.dependsOnBase)
            }
        }
        return changed.withLock { $0 }
    }
}

extension BulkTransaction {
    /// Says for the history what the load does.
    func describe(_ action: String, changedVoxelCount: Int = 0) {
        note.action = action
        note.changedVoxelCount = UInt64(max(0, changedVoxelCount))
    }
}

extension SharedBytes {
    func advanced(by byteCount: Int) -> SharedBytes {
        SharedBytes(UnsafeRawBufferPointer(start: base + byteCount, count: 1))
    }
}
