import Synchronization

/// A list of segments that is read when a key inside it is asked for, and forgotten when it was not used for long.
final class Shard: Evictable {
    let reference: ShardReference
    private let origin: SegmentOrigin
    private let loaded: Mutex<Segments?>
    private let wasUsed = Atomic<Bool>(false)

    /// The segments, ascending by their smallest key. They become objects when they are asked for.
    final class Segments: Sendable {
        let references: [SegmentReference]
        /// Whether no two of them can hold the same key, so that both ends of a search can be halved.
        let isDisjoint: Bool
        private let origin: SegmentOrigin
        private let objects: Mutex<[Int: Segment]>

        /// - Parameter known: objects that are in use already.
        init(
            _ unsorted: [SegmentReference], origin: SegmentOrigin, known: [FileIdentifier: Segment] = [:]
        ) {
            references = unsorted.sorted { $0.minimumKey < $1.minimumKey }
            isDisjoint = zip(references, references.dropFirst()).allSatisfy { $0.maximumKey < $1.minimumKey }
            self.origin = origin
            var objects: [Int: Segment] = [:]
            if !known.isEmpty {
                for (index, reference) in references.enumerated() {
                    objects[index] = known[reference.identifier]?.with(reference)
                }
            }
            self.objects = Mutex(objects)
        }

        subscript(index: Int) -> Segment {
            objects.withLock { objects in
                if let segment = objects[index] { return segment }
                let segment = Segment(reference: references[index], origin: origin)
                objects[index] = segment
                return segment
            }
        }

        /// Those that are objects.
        var used: [Segment] { objects.withLock { Array($0.values) } }

        /// The first whose smallest key is not below `key`.
        func firstIndex(startingAt key: CuboidKey) -> Int {
            references.firstIndex(isBefore: { $0.minimumKey < key })
        }
    }

    init(reference: ShardReference, origin: SegmentOrigin, segments: Segments? = nil) {
        self.reference = reference
        self.origin = origin
        loaded = Mutex(segments)
    }

    /// A list that is read by itself, as part of no table.
    convenience init(reference: ShardReference, fileSystem: any FileSystem, database: FileIdentifier) {
        self.init(reference: reference, origin: SegmentOrigin(fileSystem: fileSystem, database: database))
    }

    /// The segments, read and checked at first use.
    ///
    /// - Throws: `.corrupt` naming the file.
    func segments() throws(StorageError) -> Segments {
        if !wasUsed.load(ordering: .relaxed) { wasUsed.store(true, ordering: .relaxed) }
        var isNew = false
        let segments = try loaded.withLock { (state) throws(StorageError) -> Segments in
            if let state { return state }
            let fresh = Segments(try load(), origin: origin)
            state = fresh
            isNew = true
            return fresh
        }
        if isNew { countIfLoaded() }
        return segments
    }

    /// Lets the memory of the list count, if it is in memory.
    func countIfLoaded() {
        guard loadedSegments != nil else { return }
        origin.shardLimit.add(
            self, weight: Int(reference.segmentCount) * MemoryLayout<SegmentReference>.stride)
    }

    /// The references in the file; one that is not in memory is read and not kept.
    func references() throws(StorageError) -> [SegmentReference] {
        if let segments = loadedSegments { return segments.references }
        return try load()
    }

    /// The segments if they are in memory.
    var loadedSegments: Segments? { loaded.withLock { $0 } }

    func takeUse() -> Bool { wasUsed.exchange(false, ordering: .relaxed) }

    func evict() {
        // Let go of outside the lock: the last reference to a list frees much.
        let old = loaded.withLock { state in
            defer { state = nil }
            return state
        }
        _ = old
    }

    private func load() throws(StorageError) -> [SegmentReference] {
        let path = reference.path
        let file = try origin.fileSystem.open(path, mode: .read)
        let length = try file.byteCount()
        guard length == reference.fileByteCount, length <= UInt64(ManifestRoot.maximumByteCount) else {
            throw .corrupt(
                file: path, offset: length,
                reason: "length is \(length), the manifest says \(reference.fileByteCount)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let parsed = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> [SegmentReference] in
                let count = try file.read(into: buffer, at: 0)
                return try ShardFile.parse(
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[0..<count]),
                    reference: reference, database: origin.database)
            }
        }
        return try parsed.get()
    }
}

/// All segments that a root names: those in the root itself and those in shards.
struct SegmentTable: Sendable {
    /// Named in the root: sealed logs and what was added lately.
    var recent: [Segment] = []
    /// Ascending by their smallest key.
    var shards: [Shard] = []

    /// Calls `body` for every segment that may hold cuboids of a group in a range of Morton codes.
    func forEach(
        holding group: PageGroup, _ codes: ClosedRange<UInt64>,
        _ body: (Segment) throws(StorageError) -> Void
    ) throws(StorageError) {
        try forEach(
            from: CuboidKey(group: group, morton: codes.lowerBound),
            through: CuboidKey(group: group, morton: codes.upperBound), body)
    }

    /// Calls `body` for every segment that may hold cuboids of a channel.
    func forEach(
        holding channel: UInt32, _ body: (Segment) throws(StorageError) -> Void
    ) throws(StorageError) {
        let low = PageGroup(channel: channel, resolution: 0, time: 0)
        let high = PageGroup(channel: channel, resolution: .max, time: .max)
        try forEach(
            from: CuboidKey(group: low, morton: 0), through: CuboidKey(group: high, morton: .max), body)
    }

    /// Calls `body` for every segment whose keys may lie in a range.
    ///
    /// - Parameters:
    ///   - sequence: only segments with pages of later commits; all by default.
    ///   - goesOn: asked before each segment and each shard; once it is false, nothing more happens.
    func forEach(
        from low: CuboidKey, through high: CuboidKey, after sequence: UInt64? = nil,
        while goesOn: () -> Bool = { true },
        _ body: (Segment) throws(StorageError) -> Void
    ) throws(StorageError) {
        func isOlder(_ newest: UInt64) -> Bool { sequence.map { newest <= $0 } ?? false }
        for segment in recent where segment.reference.overlaps(low, high) {
            if !isOlder(segment.reference.maximumSequence), goesOn() { try body(segment) }
        }
        for shard in shards {
            guard shard.reference.minimumKey <= high, goesOn() else { break }
            guard low <= shard.reference.maximumKey, !isOlder(shard.reference.maximumSequence) else {
                continue
            }
            let segments = try shard.segments()
            let references = segments.references
            var at = segments.isDisjoint ? references.firstIndex(isBefore: { $0.maximumKey < low }) : 0
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.searchOverlappingShard) {
                    at = references.firstIndex(isBefore: { $0.maximumKey < low })
                }
            #endif
            while at < references.count, references[at].minimumKey <= high, goesOn() {
                if low <= references[at].maximumKey, !isOlder(references[at].maximumSequence) {
                    try body(segments[at])
                }
                at += 1
            }
        }
    }

    /// A segment, by its smallest key if that is known; without, every shard is looked through.
    func segment(_ identifier: FileIdentifier, startingAt key: CuboidKey?) throws(StorageError) -> Segment? {
        if let segment = recent.first(where: { $0.reference.identifier == identifier }) { return segment }
        for shard in shards {
            if let key, key < shard.reference.minimumKey || shard.reference.maximumKey < key { continue }
            if key == nil, shard.loadedSegments == nil,
                try !shard.references().contains(where: { $0.identifier == identifier })
            {
                continue
            }
            let segments = try shard.segments()
            var at = key.map(segments.firstIndex(startingAt:)) ?? 0
            while at < segments.references.count {
                let reference = segments.references[at]
                if reference.identifier == identifier { return segments[at] }
                if let key, key < reference.minimumKey { break }
                at += 1
            }
        }
        return nil
    }

    /// Every segment. Reads all shards, so only for work that goes over the whole database.
    func all() throws(StorageError) -> [Segment] {
        var all = recent
        for shard in shards {
            let segments = try shard.segments()
            all += segments.references.indices.map { segments[$0] }
        }
        return all
    }
}

extension [SegmentReference] {
    /// The first for which `isBefore` is false; those for which it is true come first.
    func firstIndex(isBefore: (SegmentReference) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
