import BossCodec
import Synchronization

@testable import BossStorage

/// A whole database with damage, opened and read to the last brick.
///
/// Byte 0: bits 0 to 2 choose the damage, bit 3 opens it as the writer, bit 4 makes checksums right again.
/// Byte 1: the file. Then three bytes of place, and what the damage needs.
///
/// - Damage without repair is one fault: an error, or every voxel as it was, and nothing else. A patch has
///   at most four bytes, which no CRC-32 lets through.
/// - Patches with repair may make another valid database: then nothing may trap, and what is committed after
///   is read back.
enum DatabaseTarget {
    static let target = FuzzTarget("database", body: run, seeds: seeds)
    private static let asWriter: UInt8 = 8
    private static let repaired: UInt8 = 16

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        let sample: SampleDatabase
        do { sample = try SampleDatabase.shared.get() } catch {
            throw FuzzFailure("the undamaged database cannot be made: \(error)")
        }
        var input = FuzzInput(input)
        let flags = input.byte()
        let path = sample.paths[Int(input.byte()) % sample.paths.count]
        let files = sample.files.clone()
        let isWriter = flags & asWriter != 0
        if flags & repaired != 0 {
            try patch(files, path, &input)
            try useForged(files, sample, isWriter: isWriter)
        } else {
            try damage(files, path, kind: flags & 7, &input, sample)
            try sample.compare(open(files, isWriter: isWriter))
            // Once more: what opening has changed must not matter either.
            if isWriter { try sample.compare(open(files.clone(), isWriter: false)) }
        }
    }

    private static func open(_ files: SimulatedFileSystem, isWriter: Bool) throws -> StorageEngine {
        try StorageEngine.open(
            fileSystem: files, mode: isWriter ? .readWrite(create: false) : .readOnly,
            options: EngineReading.options)
    }

    /// One fault in one file.
    private static func damage(
        _ files: SimulatedFileSystem, _ path: String, kind: UInt8, _ input: inout FuzzInput,
        _ sample: SampleDatabase
    ) throws {
        let old = files.contents(path) ?? []
        guard !old.isEmpty else { return }
        let place = input.number(byteCount: 3) % old.count
        switch kind {
        case 0, 1:
            var new = old
            for (index, byte) in input.take(4).enumerated() where place + index < new.count {
                new[place + index] ^= byte
            }
            try files.put(path, new)
        case 2: try files.truncateForTest(path, byteCount: place)
        case 3:
            let sector = place / 512 * 512
            let zeros = [UInt8](repeating: 0, count: min(512, old.count - sector))
            try files.overwriteForTest(path, zeros, at: sector)
        case 4: try files.overwriteForTest(path, input.take(16), at: old.count)
        case 5: try files.put(path, files.contents(other(&input, sample)) ?? [])
        case 6: try files.unlink(path)
        default:
            // A sector from elsewhere.
            let source = files.contents(other(&input, sample)) ?? []
            let start = input.number(byteCount: 2) * 512 % max(1, source.count)
            let sector = place / 512 * 512
            let part = Array(source[start..<min(start + 512, source.count)])
            try files.overwriteForTest(path, Array(part.prefix(old.count - sector)), at: sector)
        }
    }

    private static func other(_ input: inout FuzzInput, _ sample: SampleDatabase) -> String {
        sample.paths[Int(input.byte()) % sample.paths.count]
    }

    /// Patches of up to eight bytes, each three bytes of place and one of length; then right checksums.
    private static func patch(
        _ files: SimulatedFileSystem, _ path: String, _ input: inout FuzzInput
    ) throws {
        var bytes = files.contents(path) ?? []
        guard !bytes.isEmpty else { return }
        while !input.isEmpty {
            let place = input.number(byteCount: 3) % bytes.count
            for (index, byte) in input.take(Int(input.byte() % 9)).enumerated()
            where place + index < bytes.count {
                bytes[place + index] = byte
            }
        }
        if path.hasSuffix(".mf") {
            ChecksumRepair.trailing(&bytes)
        } else if path == WriterStatus.path {
            ChecksumRepair.status(&bytes, at: Int(WriterStatus.offset))
        } else {
            try repairSegment(&bytes, files)
        }
        try files.put(path, bytes)
    }

    /// The roots repeat the checksum of a footer.
    private static func repairSegment(_ bytes: inout [UInt8], _ files: SimulatedFileSystem) throws {
        let footer = bytes.count - SegmentFooter.byteCount
        guard let old = bytes.number(UInt32.self, at: footer + 104),
            bytes.number(UInt32.self, at: footer) == Magic.footer
        else { return ChecksumRepair.log(&bytes, links: true) }
        let new = ChecksumRepair.segment(&bytes)
        guard new != old else { return }
        for path in files.fileNames where path.hasSuffix(".mf") {
            var root = files.contents(path) ?? []
            for offset in root.indices where root.number(UInt32.self, at: offset) == old {
                root.put(new, at: offset)
            }
            ChecksumRepair.trailing(&root)
            try files.put(path, root)
        }
    }

    /// Reads what there is; as the writer also commits, seals and reads back.
    private static func useForged(
        _ files: SimulatedFileSystem, _ sample: SampleDatabase, isWriter: Bool
    ) throws {
        let engine = try open(files, isWriter: isWriter)
        try readAll(engine, sample)
        guard isWriter else { return }
        let group = PageGroup(channel: 0x7F00_0001, resolution: 3, time: 5)
        let isDropped = engine.published.withLock { $0.droppedChannels.contains(group.channel) }
        for value in UInt64(1)...2 {
            let view = try engine.view()
            var batch = WriteBatch(base: view)
            let key = CuboidKey(group: group, morton: 12)
            batch.put(.constant(key: key, bits: value, voxelByteCount: 1), dependsOnBase: false)
            try engine.commit(batch)
            let found = try engine.view().locate(group, codes: [12]).first?.base?.constantBits
            if !isDropped { try FuzzFailure.require(found == value, "a commit is not read back") }
            if value == 1 { try engine.checkpoint() }
        }
        try readAll(engine, sample)
        try engine.dropChannel(2)
        try engine.close()
        try readAll(open(files.clone(), isWriter: false), sample)
    }

    /// An error ends the reading of a group only.
    private static func readAll(_ engine: StorageEngine, _ sample: SampleDatabase) throws {
        let view = try engine.view()
        var reading = EngineReading()
        for group in Set(sample.model.keys.map(\.group)).sorted() {
            do { try reading.readAll(engine, view, group) } catch let error as StorageError { _ = error }
        }
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        let sample = try SampleDatabase.shared.get()
        var seeds: [[UInt8]] = []
        for (number, path) in sample.paths.enumerated() {
            let length = sample.files.contents(path)?.count ?? 0
            for place in [0, 16, 4096, length / 2, max(0, length - 4096)] {
                let at = [place, place >> 8, place >> 16].map { UInt8(truncatingIfNeeded: $0) }
                for kind in UInt8(0)..<8 where place > 0 || kind > 0 {
                    seeds.append(
                        [kind | (UInt8(truncatingIfNeeded: place / 512) & asWriter), UInt8(number)] + at + [
                            1, 2, 3, 4,
                        ])
                }
                seeds.append([repaired | asWriter, UInt8(number)] + at + [8, 1, 0, 0, 0, 0, 0, 0, 0])
            }
        }
        return seeds
    }
}
