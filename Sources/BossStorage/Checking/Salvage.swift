import BossCodec
import BossVoxels
import Synchronization

/// Saves what is left of a damaged database into a new one.
///
/// The source is only read. Pages are found through indexes where these verify, and by a search for them where not;
/// `SalvageInventory` says how versions are ordered. The newest state is written, with notes of commits and numbers
/// of commits going on from those of the source; older versions and snapshots are not taken over. Files that no root
/// names are left aside unless roots or lists of segments are damaged: then a load that was never committed may
/// appear.
///
///     let report = try Salvage(source: damaged, destination: fresh).run()
///     for loss in report.losses { print(loss) }
package struct Salvage {
    private let source: any FileSystem
    private let destination: any FileSystem
    private let options: StorageOptions
    private let ignoredFiles: Set<String>

    /// - Parameters:
    ///   - destination: an empty directory.
    ///   - options: sizes for the new database.
    ///   - ignoredFiles: files that may be in the destination.
    package init(
        source: any FileSystem, destination: any FileSystem, options: StorageOptions = StorageOptions(),
        ignoredFiles: Set<String> = []
    ) {
        self.source = source
        self.destination = destination
        self.options = options
        self.ignoredFiles = ignoredFiles
    }

    /// Does everything, and checks the new database in full.
    ///
    /// Memory: one page with its deltas, and about 150 bytes for every version of the source.
    ///
    /// - Parameters:
    ///   - control: called often; throws to give up, and the destination is then of no use.
    ///   - progress: called often, too.
    /// - Throws: `.notADatabase`, `.alreadyExists` when the destination is not empty, what writing throws.
    package func run(
        control: @escaping () throws(StorageError) -> Void = {},
        progress: @escaping (SalvageProgress) -> Void = { _ in }
    ) throws(StorageError) -> SalvageReport {
        guard try destination.list("").allSatisfy(ignoredFiles.contains),
            try destination.list(ManifestRoot.directory).isEmpty,
            try destination.list("wal").isEmpty
        else { throw .alreadyExists(path: destination.displayPath) }
        var (done, total): (UInt64, UInt64) = (0, 0)
        var reading = SalvageReading(source: source, control: control) { byteCount in
            done += byteCount
            progress(SalvageProgress(phase: .reading, byteCount: done, byteTotal: max(done, total)))
        }
        total = reading.totalByteCount
        try reading.run()
        var report = SalvageReport()
        report.rootNumber = reading.root?.number
        report.newestCommit = reading.inventory.newestSequence
        report.remarks = reading.inventory.remarks
        report.notes = reading.inventory.notes
        report.stretches = reading.inventory.stretches
        report.snapshotNames = reading.root?.snapshots.map(\.name) ?? []
        report.source = reading.database.description
        try create(reading)
        let engine = try StorageEngine.open(
            fileSystem: destination, mode: .readWrite(create: false), options: options)
        do throws(StorageError) {
            report.destination = engine.identifier
            var writer = SalvageWriter(engine: engine)
            try write(reading, to: &writer, &report, control) { byteCount in
                progress(
                    SalvageProgress(phase: .writing, byteCount: byteCount, byteTotal: max(byteCount, total)))
            }
            try writer.finish()
            report.cuboidCount = writer.cuboidCount
            report.brickCount = writer.brickCount
            try closeHistory(engine)
            try engine.close()
        } catch {
            try? engine.close()
            throw error
        }
        report.findings = try StorageCheck.run(
            fileSystem: destination, depth: .full, control: control,
            progress: {
                progress(
                    SalvageProgress(phase: .checking, byteCount: $0.byteCount, byteTotal: $0.byteTotal))
            })
        return report
    }

    /// The first root of the new database: numbers of commits go on, so that notes keep theirs.
    private func create(_ reading: SalvageReading) throws(StorageError) {
        for directory in [ManifestRoot.directory, "wal", "seg"] { try destination.createDirectory(directory) }
        var root = ManifestRoot(
            number: 1, database: FileIdentifier(from: destination), epoch: 1,
            lastSequence: min(reading.inventory.newestSequence, .max >> 2),
            microseconds: max(
                destination.microsecondsSince1970(), min(reading.root?.microseconds ?? 0, .max >> 2)),
            logs: [], segments: [], droppedChannels: reading.root?.droppedChannels ?? [])
        root.history.retention = max(0, reading.root?.history.retention ?? HistoryRange.standardRetention)
        try destination.syncDirectory("")
        try Manifest(fileSystem: destination).publish(root)
    }

    private func write(
        _ reading: SalvageReading, to writer: inout SalvageWriter, _ report: inout SalvageReport,
        _ control: () throws(StorageError) -> Void, _ didWrite: (UInt64) -> Void
    ) throws(StorageError) {
        let inventory = reading.inventory
        let dropped = Set(reading.root?.droppedChannels ?? [])
        let bulkNotes = reading.root?.bulkNotes ?? []
        var noted: Set<UInt64> = []
        var byteCount: UInt64 = 0
        for group in inventory.versions.keys.sorted() where !dropped.contains(group.channel) {
            let codes = inventory.versions[group] ?? [:]
            let tombstones = inventory.tombstones[group] ?? []
            for code in codes.keys.sorted() {
                try control()
                let cuboid = SalvagedCuboid(
                    CuboidKey(group: group, morton: code), codes[code] ?? [], tombstones, inventory,
                    database: reading.database)
                if group == SystemGroup.notes {
                    // The root has another copy of the youngest ones.
                    if !cuboid.losses.isEmpty, bulkNotes.contains(where: { $0.sequence == code }) { continue }
                    noted.insert(code)
                    if let note = cuboid.note { Self.take(note, &report) }
                }
                if !SystemGroup.isSystem(group) {
                    report.shapes[group.channel, default: SalvagedShape()].take(cuboid)
                }
                byteCount += cuboid.byteCount
                didWrite(byteCount)
                report.losses += cuboid.losses
                report.lostBrickCount += cuboid.lostBrickCount
                report.lostPageCount += cuboid.lostPageCount
                report.pageCount += cuboid.pageCount
                if SystemGroup.isSystem(group), cuboid.lostBrickCount > 0 { continue }
                try writer.write(cuboid)
            }
        }
        for note in bulkNotes where !noted.contains(note.sequence) {
            let parsed = note.bytes.withUnsafeBytes { try? CommitNote($0, file: "") }
            if let parsed { Self.take(parsed, &report) }
            let key = CuboidKey(group: SystemGroup.notes, morton: note.sequence)
            try writer.add(EncodedPage.bytes(note.bytes, key: key))
        }
    }

    /// What commits to one channel did may name that channel.
    private static func take(_ note: CommitNote, _ report: inout SalvageReport) {
        guard let channel = note.channels.first, note.channels.count == 1, !note.action.isEmpty else {
            return
        }
        report.shapes[channel]?.add(note.action)
    }

    /// What was before cannot be read in the new database.
    private func closeHistory(_ engine: StorageEngine) throws(StorageError) {
        try engine.writer.withLock { (state) throws(StorageError) in
            try engine.checkWritable(state)
            try engine.drain(state)
            let newest = engine.published.withLock { $0.sequence }
            try engine.publish(state) { $0.history.oldest = newest }
            engine.writeStatus(state)
        }
    }
}

/// Writes cuboids through loads, and through small commits where a delta stands on something that is not a full page.
struct SalvageWriter {
    private let engine: StorageEngine
    private var bulk: BulkTransaction?
    private var bulkCount = 0
    private var bulkByteCount = 0
    private var deltas: [EncodedPage] = []
    private var deltaByteCount = 0
    private(set) var cuboidCount = 0
    private(set) var brickCount = 0
    private static let cuboidLimit = 1 << 16
    private static let byteLimit = 8 << 30
    private static let deltaByteLimit = 32 << 20

    init(engine: StorageEngine) { self.engine = engine }

    mutating func write(_ cuboid: SalvagedCuboid) throws(StorageError) {
        switch cuboid.base {
        case .full(let page): try add(merged(cuboid, over: page))
        case .constant(let bits):
            let width = bits >> 8 == 0 ? 1 : bits >> 16 == 0 ? 2 : bits >> 32 == 0 ? 4 : 8
            try add(.constant(key: cuboid.key, bits: bits, voxelByteCount: width))
            try addDelta(cuboid)
        case .nothing: try addDelta(cuboid)
        }
    }

    mutating func add(_ page: EncodedPage) throws(StorageError) {
        if bulk == nil {
            bulk = try engine.beginBulk()
            bulk?.note.action = "salvage"
        }
        try bulk?.add(page, dependsOnBase: false)
        cuboidCount += 1
        bulkCount += 1
        bulkByteCount += page.byteCount
        if bulkCount >= Self.cuboidLimit || bulkByteCount >= Self.byteLimit { try commitBulk() }
    }

    private mutating func commitBulk() throws(StorageError) {
        try bulk?.commit()
        bulk = nil
        (bulkCount, bulkByteCount) = (0, 0)
    }

    /// One full page: the bricks of the base and of the deltas above it as they are stored.
    private mutating func merged(
        _ cuboid: SalvagedCuboid, over page: SalvagedPage
    ) throws(StorageError) -> EncodedPage {
        let header = page.header
        var builder = Self.builder(cuboid.key, .full, header, capacity: header.brickCount)
        let sound = Dictionary(
            uniqueKeysWithValues: page.examination.sound.map { (Int($0.brickIndex), $0) })
        for brick in 0..<header.brickCount {
            var source = sound[brick].map { SalvagedCuboid.Source(page: page, entry: $0) }
            if let newer = cuboid.replaced[brick] { source = newer }
            try append(source, brick, header, to: &builder)
        }
        return builder.finish()
    }

    private mutating func addDelta(_ cuboid: SalvagedCuboid) throws(StorageError) {
        let header = cuboid.replaced.values.lazy.compactMap { $0?.page.header }.first
        guard let header else { return }
        var builder = Self.builder(cuboid.key, .delta, header, capacity: cuboid.replaced.count)
        for (brick, source) in cuboid.replaced.sorted(by: { $0.key < $1.key }) {
            try append(source, brick, header, to: &builder)
        }
        let page = builder.finish()
        if case .nothing = cuboid.base { cuboidCount += 1 }
        deltas.append(page)
        deltaByteCount += page.byteCount
        if deltaByteCount >= Self.deltaByteLimit { try commitDeltas() }
    }

    private mutating func append(
        _ source: SalvagedCuboid.Source?, _ brick: Int, _ header: PageHeader, to builder: inout PageBuilder
    ) throws(StorageError) {
        guard let source, source.page.header.brickByteCount == header.brickByteCount,
            Int(source.entry.storedByteCount) <= header.brickByteCount
        else { return builder.appendConstant(brick: brick, bits: 0) }
        brickCount += 1
        let entry = source.entry
        if entry.codec == .constant { return builder.appendConstant(brick: brick, bits: entry.constantBits) }
        try builder.appendStored(brick: brick, entry: entry) { $0.copyBytes(from: source.page.stored(entry)) }
    }

    private static func builder(
        _ key: CuboidKey, _ kind: PageKind, _ header: PageHeader, capacity: Int
    ) -> PageBuilder {
        PageBuilder(
            key: key, kind: kind,
            encoder: BrickEncoder(
                voxelType: .uint8, brickByteCount: max(1, header.brickByteCount), preference: .none),
            voxelByteCount: header.voxelByteCount, brickByteCount: header.brickByteCount,
            brickCapacity: capacity, scratch: VoxelStorage(byteCount: 64, zeroed: false))
    }

    /// Deltas come after what they stand on.
    private mutating func commitDeltas() throws(StorageError) {
        try commitBulk()
        guard !deltas.isEmpty else { return }
        var batch = WriteBatch(base: try engine.view())
        batch.note.action = "salvage"
        for page in deltas { batch.put(page, dependsOnBase: false) }
        try engine.commit(batch)
        deltas = []
        deltaByteCount = 0
    }

    mutating func finish() throws(StorageError) {
        try commitBulk()
        try commitDeltas()
    }
}
