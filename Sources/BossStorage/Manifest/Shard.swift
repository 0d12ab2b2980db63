import Synchronization

/// A list of segments that is read when a key inside it is asked for.
final class Shard: Sendable {
    let reference: ShardReference
    private let fileSystem: any FileSystem
    private let database: FileIdentifier
    private let loaded: Mutex<Segments?>

    /// The segments, ascending by their smallest key.
    struct Segments: Sendable {
        let all: [Segment]
        /// Whether no two of them can hold the same key, so that both ends of a search can be halved.
        let isDisjoint: Bool

        init(_ segments: [Segment]) {
            all = segments.sorted { $0.reference.minimumKey < $1.reference.minimumKey }
            isDisjoint = zip(all, all.dropFirst()).allSatisfy {
                $0.reference.maximumKey < $1.reference.minimumKey
            }
        }
    }

    init(
        reference: ShardReference, fileSystem: any FileSystem, database: FileIdentifier,
        segments: [Segment]? = nil
    ) {
        self.reference = reference
        self.fileSystem = fileSystem
        self.database = database
        loaded = Mutex(segments.map(Segments.init))
    }

    /// The segments, read and checked at first use.
    ///
    /// - Throws: `.corrupt` naming the file.
    func segments() throws(StorageError) -> Segments {
        try loaded.withLock { (state) throws(StorageError) -> Segments in
            if let state { return state }
            let fresh = Segments(
                try load().map { Segment(reference: $0, fileSystem: fileSystem, database: database) })
            state = fresh
            return fresh
        }
    }

    /// The references in the file, whether the shard was used before or not.
    func references() throws(StorageError) -> [SegmentReference] {
        if let segments = loaded.withLock({ $0 }) { return segments.all.map(\.reference) }
        return try load()
    }

    /// The segments if they were read, else nothing.
    var loadedSegments: [Segment] { loaded.withLock { $0 }?.all ?? [] }

    private func load() throws(StorageError) -> [SegmentReference] {
        let path = reference.path
        let file = try fileSystem.open(path, mode: .read)
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
                    reference: reference, database: database)
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
    func forEach(
        from low: CuboidKey, through high: CuboidKey, _ body: (Segment) throws(StorageError) -> Void
    ) throws(StorageError) {
        for segment in recent where segment.reference.overlaps(low, high) { try body(segment) }
        for shard in shards {
            guard shard.reference.minimumKey <= high else { break }
            guard low <= shard.reference.maximumKey else { continue }
            let segments = try shard.segments()
            var at = segments.isDisjoint ? Self.firstIndex(in: segments.all, notBelow: low) : 0
            while at < segments.all.count, segments.all[at].reference.minimumKey <= high {
                if low <= segments.all[at].reference.maximumKey { try body(segments.all[at]) }
                at += 1
            }
        }
    }

    /// The first of disjoint segments whose largest key is not below `key`.
    private static func firstIndex(in segments: [Segment], notBelow key: CuboidKey) -> Int {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].reference.maximumKey < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Every segment. Reads all shards, so only for work that goes over the whole database.
    func all() throws(StorageError) -> [Segment] {
        var all = recent
        for shard in shards { all += try shard.segments().all }
        return all
    }
}
