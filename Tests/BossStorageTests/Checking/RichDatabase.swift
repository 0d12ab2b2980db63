import BossCodec
import BossTestSupport

@testable import BossSimulator
@testable import BossStorage

/// A small database in which everything occurs: all kinds of pages, logs, bulk and compacted files, lists of segments,
/// a snapshot, deletions of boxes, notes, a dropped channel, and a live log that was not closed.
final class RichDatabase {
    let files: SimulatedFileSystem
    let options: StorageOptions
    let bricks: TestBricks
    private(set) var state = ModelState()
    private(set) var sequence: UInt64 = 0
    private(set) var engine: StorageEngine?
    private var contentNumber: UInt32
    private var random: SeededGenerator
    /// What commits say about themselves.
    private(set) var actions: [UInt64: String] = [:]

    static func options(rootSegmentLimit: Int = 4) -> StorageOptions {
        var options = StorageOptions()
        options.bulkSegmentByteCount = 5 << 10
        options.logByteCount = 1 << 20
        options.rootSegmentLimit = rootSegmentLimit
        options.spaceSlackByteCount = 64 << 20
        options.bootIdentifier = 1
        options.compactionRate = 0
        return options
    }

    init(seed: UInt64, brickByteCount: Int = 512, closes: Bool = false) throws {
        files = SimulatedFileSystem(seed: seed)
        options = Self.options()
        random = SeededGenerator(seed: seed)
        contentNumber = UInt32(truncatingIfNeeded: seed % 1000) * 64
        bricks = TestBricks(brickByteCount: brickByteCount)
        engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        try write()
        if closes { try close() }
        sequence = try engine?.view().sequence ?? sequence
    }

    func close() throws {
        sequence = try engine?.view().sequence ?? sequence
        try engine?.close()
        engine = nil
    }

    private func write() throws {
        try bulk(1, codes: 0..<6)
        try bulk(4, codes: 0..<2)
        try commit([
            (CuboidKey(1, 0), .delta([1: content(), 3: content()])), (CuboidKey(1, 1), .tombstone),
            (CuboidKey(2, 9), .constant(17)), (CuboidKey(2, 10), full()),
        ])
        try engine?.createSnapshot("before", scope: 7, message: "a name")
        try commit([(CuboidKey(1, 0), full()), (CuboidKey(2, 11, time: 1), full())])
        try engine?.checkpoint()
        try engine?.setRetention(microseconds: 0)
        try engine?.compact()
        try bulk(2, codes: 0..<8)
        try delete(PageGroup(channel: 2, resolution: 0, time: 0), lowest: 1, highest: 3)
        try commit([(CuboidKey(2, 0), .delta([0: content()])), (CuboidKey(2, 3), full())])
        try engine?.dropChannel(4)
        state.drop(channel: 4)
        try engine?.checkpoint()
        for channel in UInt32(5)..<8 { try bulk(channel, codes: 0..<3) }
        try commit([(CuboidKey(5, 0), .delta([2: content()])), (CuboidKey(5, 1), .constant(3))])
        try engine?.checkpoint()
        try bulk(3, codes: 0..<3)
        // What the live log holds.
        try commit([(CuboidKey(5, 0), .delta([0: content(), 2: content()])), (CuboidKey(6, 1), .tombstone)])
        try commit([(CuboidKey(3, 0), full()), (CuboidKey(9, 1), full()), (CuboidKey(9, 2), .constant(250))])
        try delete(PageGroup(channel: 7, resolution: 0, time: 0), lowest: 0, highest: 1)
        try commit([(CuboidKey(3, 0), .delta([3: content()]))])
    }

    private func content() -> BrickContent {
        contentNumber += 1
        return BrickContent(number: contentNumber)
    }

    private func full() -> PageChange { .full([content(), content(), content(), content()]) }

    func commit(_ changes: [(CuboidKey, PageChange)]) throws {
        guard let engine else { return }
        var batch = WriteBatch(base: try engine.view())
        batch.note.action = "change \(changes.count)"
        for (key, change) in changes {
            let base = try engine.view().locate(key.group, codes: [key.morton])[0].newestSequence
            batch.put(try bricks.page(key, change, over: base), dependsOnBase: false)
            state.apply(key, change)
        }
        sequence = try engine.commit(batch)
        actions[sequence] = batch.note.action
    }

    private func delete(_ group: PageGroup, lowest: UInt64, highest: UInt64) throws {
        guard let engine else { return }
        var batch = WriteBatch(base: try engine.view())
        batch.delete(group, lowest: lowest, highest: highest)
        batch.note.action = "delete"
        sequence = try engine.commit(batch)
        actions[sequence] = "delete"
        let box = RangeTombstone(group: group, lowest: lowest, highest: highest, sequence: 0)
        for key in state.cuboids.keys where key.group == group && box.contains(key.morton) {
            state.apply(key, .tombstone)
        }
    }

    private func bulk(_ channel: UInt32, codes: Range<UInt64>) throws {
        guard let engine else { return }
        let bulk = try engine.beginBulk()
        for code in codes {
            let key = CuboidKey(channel, code)
            let change: PageChange = code == 5 ? .constant(200) : full()
            try bulk.add(try bricks.page(key, change), dependsOnBase: false)
            state.apply(key, change)
        }
        bulk.note.action = "load \(channel)"
        sequence = try bulk.commit()
        actions[sequence] = "load \(channel)"
    }

    /// Cuboids of all channels, also some that were never written.
    var keys: [CuboidKey] {
        Array(state.cuboids.keys) + [CuboidKey(1, 77), CuboidKey(4, 0), CuboidKey(4, 1)]
    }
}

extension SimulatedFileSystem {
    /// The part of the engine's own files in which an offset lies.
    func segmentLayout(_ path: String) -> SegmentLayout? {
        guard let bytes = contents(path), path.hasSuffix(".seg") else { return nil }
        return SegmentLayout(bytes)
    }
}

/// Where pages and bricks lie in a file, from a look at every place where one may start.
struct SegmentLayout {
    struct Page {
        let header: PageHeader
        let offset: Int
        let entries: [BrickEntry]
        var end: Int { offset + header.pageByteCount }

        /// Offsets between bricks, which nobody reads.
        func isGap(_ offset: Int) -> Bool {
            let place = offset - self.offset
            guard place >= PageHeader.byteCount + header.directoryByteCount, place < header.pageByteCount
            else { return false }
            return !entries.contains {
                $0.codec != .constant
                    && (Int($0.offset)..<Int($0.offset) + Int($0.storedByteCount)).contains(place)
            }
        }
    }
    let pages: [Page]

    init(_ bytes: [UInt8]) {
        var pages: [Page] = []
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + PageHeader.byteCount <= bytes.count {
                defer { offset += 64 }
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard let header = try? PageHeader(rest, file: "", at: 0),
                    header.pageByteCount <= rest.count
                else { continue }
                let directory = UnsafeRawBufferPointer(
                    rebasing: rest[PageHeader.byteCount..<PageHeader.byteCount + header.directoryByteCount])
                let entries = try? PageDirectory.parse(
                    header: header, directory: directory, file: "", at: 0
                ).entries
                pages.append(Page(header: header, offset: offset, entries: entries ?? []))
            }
        }
        self.pages = pages
    }

    func page(at offset: Int) -> Page? { pages.first { $0.offset <= offset && offset < $0.end } }
}
