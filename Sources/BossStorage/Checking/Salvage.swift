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
    /// - Throws: `.notADatabase`, `.alreadyExists` when the destination is not empty, `.unsupportedFormat` for a root or a
    ///   file of a newer format, what writing throws.
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

    /// Makes a new database without a page, for a source of whose files none is left.
    package func makeEmpty() throws(StorageError) -> SalvageReport {
        let engine = try StorageEngine.open(
            fileSystem: destination, mode: .readWrite(create: true), options: options)
        var report = SalvageReport()
        report.destination = engine.identifier
        report.remarks = [
            "there is no root, and no log or segment file that says which database it is of: all voxels, snapshots and "
                + "the history are lost"
        ]
        try engine.close()
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
        defer {
            for file in inventory.files {
                guard let format = file.newerFormat else { continue }
                report.remarks.append(
                    "\(file.path): pages were left out, since the file \(format)")
            }
        }
        let dropped = Set(reading.root?.droppedChannels ?? [])
        let bulkNotes = reading.root?.bulkNotes ?? []
        var noted: Set<UInt64> = []
        var byteCount: UInt64 = 0
        for group in inventory.versions.keys.sorted() where !dropped.contains(group.channel) {
            let codes = inventory.versions[group] ?? [:]
            let tombstones = inventory.tombstones[group] ?? []
            if group.isMapping {
                try writeMapping(group, reading, to: &writer, &report)
                continue
            }
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
                if !SystemGroup.isSystem(group), group.holdsVoxels {
                    report.shapes[group.channel, default: SalvagedShape()].take(cuboid)
                }
                byteCount += cuboid.byteCount
                didWrite(byteCount)
                report.losses += cuboid.losses
                report.lostBrickCount += cuboid.lostBrickCount
                report.lostPageCount += cuboid.lostPageCount
                report.pageCount += cuboid.pageCount
                // A part of what is no voxels says nothing.
                if SystemGroup.isSystem(group) || !group.holdsVoxels, cuboid.lostBrickCount > 0 { continue }
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
