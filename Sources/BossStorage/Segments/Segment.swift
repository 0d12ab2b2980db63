import BossCodec
import Synchronization

/// A sealed segment file, opened at first use: its footer and index root are checked then, its leaves
/// when they are first read. One that was not used for long is closed, and opened again when it is needed.
final class Segment: Evictable {
    let reference: SegmentReference
    private let origin: SegmentOrigin
    /// Stays the same when the file is opened again, so that what caches hold of it stays true.
    private let storeNumber: UInt64
    private let opened: Mutex<Opened?>
    private let wasUsed = Atomic<Bool>(false)

    /// What is known once the file is open.
    struct Opened: Sendable {
        let store: any PageStore
        let index: SegmentIndex
    }

    convenience init(reference: SegmentReference, origin: SegmentOrigin) {
        self.init(reference: reference, origin: origin, storeNumber: PageStoreNumber.next(), opened: nil)
    }

    /// A segment that is read by itself, as part of no table.
    convenience init(reference: SegmentReference, fileSystem: any FileSystem, database: FileIdentifier) {
        self.init(reference: reference, origin: SegmentOrigin(fileSystem: fileSystem, database: database))
    }

    /// The same file under a reference with other counts.
    func with(_ reference: SegmentReference) -> Segment {
        if reference == self.reference { return self }
        let opened = opened.withLock { $0 }
        let segment = Segment(
            reference: reference, origin: origin, storeNumber: storeNumber, opened: opened)
        if opened != nil { origin.segmentLimit.add(segment, weight: 1) }
        return segment
    }

    private init(
        reference: SegmentReference, origin: SegmentOrigin, storeNumber: UInt64, opened: Opened?
    ) {
        self.reference = reference
        self.origin = origin
        self.storeNumber = storeNumber
        self.opened = Mutex(opened)
    }

    /// Opens the file and checks length, header, footer and index root.
    ///
    /// - Throws: `.corrupt` naming the file; `.inputOutput`.
    func open() throws(StorageError) -> Opened {
        if !wasUsed.load(ordering: .relaxed) { wasUsed.store(true, ordering: .relaxed) }
        var isNew = false
        let result = try opened.withLock { (state) throws(StorageError) -> Opened in
            if let state { return state }
            let loaded = try load()
            state = loaded
            isNew = true
            return loaded
        }
        if isNew { origin.segmentLimit.add(self, weight: 1) }
        return result
    }

    func takeUse() -> Bool { wasUsed.exchange(false, ordering: .relaxed) }

    func evict() {
        let old = opened.withLock { state in
            defer { state = nil }
            return state
        }
        // A reader may hold the store for long: by its mapping alone.
        (old?.store as? MappedPageStore)?.releaseDescriptor()
    }

    private func load() throws(StorageError) -> Opened {
        let path = reference.path
        let file = try origin.fileSystem.open(path, mode: .read)
        let length = try file.byteCount()
        guard length == reference.fileByteCount,
            length >= UInt64(SegmentHeader.byteCount + SegmentFooter.byteCount)
        else {
            throw .corrupt(
                file: path, offset: length,
                reason: "length is \(length), the manifest says \(reference.fileByteCount)")
        }
        let header = try SegmentHeader.load(file)
        guard header.database == origin.database, header.identifier == reference.identifier,
            header.role == reference.role
        else { throw .corrupt(file: path, offset: 0, reason: "the file belongs elsewhere") }
        let store = FilePageStore(file: file, storeNumber: storeNumber)
        let footerOffset = length - UInt64(SegmentFooter.byteCount)
        let footer = try withBytes(store, at: footerOffset, count: SegmentFooter.usedByteCount) {
            (bytes) throws(StorageError) in
            try SegmentFooter(bytes, expectedChecksum: reference.footerChecksum, file: path, at: footerOffset)
        }
        let index = try withBytes(store, at: footer.indexOffset, count: footer.indexByteCount) {
            (bytes) throws(StorageError) in
            try SegmentIndex(
                bytes, expectedChecksum: footer.indexChecksum, file: path, at: footer.indexOffset)
        }
        for fence in index.fences where fence.offset > footer.indexOffset {
            throw .corrupt(file: path, offset: fence.offset, reason: "index leaf outside the file")
        }
        return Opened(store: MappedPageStore(sealed: store, byteCount: length) ?? store, index: index)
    }

    /// Adds the versions of wanted cuboids to their collectors.
    ///
    /// - Parameters:
    ///   - codes: wanted Morton codes, ascending.
    ///   - leaves: the cache of checked leaves.
    func collect(
        group: PageGroup, codes: [UInt64], leaves: LeafCache, into collectors: inout [VersionCollector]
    ) throws(StorageError) {
        try forEachVersion(group: group, codes: codes, leaves: leaves) { position, entry, store in
            collectors[position].add(entry.version(in: store))
        }
    }

    /// Calls `body` for each version of wanted cuboids: the position of its code, its entry and where its page lies.
    func forEachVersion(
        group: PageGroup, codes: [UInt64], leaves: LeafCache,
        _ body: (Int, IndexEntry, any PageStore) -> Void
    ) throws(StorageError) {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return }
        var position = 0
        var leafNumber = -1
        var leaf: IndexLeaf?
        var start = 0
        while position < codes.count {
            let wanted = codes[position]
            let next = opened.index.leaf(of: wanted, in: totals)
            if next > leafNumber || leaf == nil {
                leafNumber = max(next, leafNumber)
                leaf = try leaves.leaf(leafNumber, group: group, of: opened, name: reference.path)
                start = 0
            }
            guard var entries = leaf?.entries else { break }
            start = entries.firstIndex(notBelow: wanted, from: start)
            var at = start
            var currentLeaf = leafNumber
            while true {
                if at == entries.count {
                    #if SEEDED_DEFECTS
                        if SeededDefect.isOn(.endVersionsAtLeaf) { break }
                    #endif
                    // Versions of one cuboid may go on in the next leaf.
                    guard currentLeaf + 1 < totals.firstLeaf + totals.leafCount,
                        opened.index.fences[currentLeaf + 1].firstMorton <= wanted
                    else { break }
                    currentLeaf += 1
                    entries = try leaves.leaf(currentLeaf, group: group, of: opened, name: reference.path)
                        .entries
                    at = entries.firstIndex(notBelow: wanted, from: 0)
                    continue
                }
                guard entries[at].morton == wanted else { break }
                body(position, reference.stamped(entries[at]), opened.store)
                at += 1
            }
            position += 1
        }
    }

    private func withBytes<R>(
        _ store: any PageStore, at offset: UInt64, count: Int,
        _ body: (UnsafeRawBufferPointer) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> R in
                try store.read(into: buffer, at: offset)
                return try body(UnsafeRawBufferPointer(buffer))
            }
        }
        return try result.get()
    }
}

extension Segment {
    /// The oldest and the newest commit of the pages of a group, nil without any.
    func commits(of group: PageGroup) throws(StorageError) -> ClosedRange<UInt64>? {
        guard let totals = try open().index.group(group) else { return nil }
        let commit = reference.commitSequence
        // The totals of a file say anything: a reversed range must not trap.
        return commit == 0
            ? totals.minimumSequence...max(totals.minimumSequence, totals.maximumSequence) : commit...commit
    }

    /// Codes with a version in a range, ascending, with duplicates.
    func codes(
        group: PageGroup, in range: ClosedRange<UInt64>, leaves: LeafCache
    ) throws(StorageError) -> [UInt64] {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return [] }
        var codes: [UInt64] = []
        for number in opened.index.leaf(of: range.lowerBound, in: totals)..<totals.firstLeaf
            + totals.leafCount
        {
            guard opened.index.fences[number].firstMorton <= range.upperBound else { break }
            let leaf = try leaves.leaf(number, group: group, of: opened, name: reference.path)
            for entry in leaf.entries where range.contains(entry.morton) { codes.append(entry.morton) }
        }
        return codes
    }

    /// The lowest codes of a group from `start` on, ascending, with duplicates; `limit` different ones suffice.
    func codes(
        group: PageGroup, from start: UInt64, limit: Int, leaves: LeafCache
    ) throws(StorageError) -> [UInt64] {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return [] }
        var codes: [UInt64] = []
        var differentCount = 0
        for number in opened.index.leaf(of: start, in: totals)..<totals.firstLeaf + totals.leafCount {
            let leaf = try leaves.leaf(number, group: group, of: opened, name: reference.path)
            for entry in leaf.entries where entry.morton >= start && entry.kind != .rangeTombstone {
                if codes.last != entry.morton { differentCount += 1 }
                if differentCount > limit { return codes }
                codes.append(entry.morton)
            }
        }
        return codes
    }
}
