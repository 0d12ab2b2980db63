/// What a commit of files changes in the table of segments.
struct ManifestEdit {
    /// New segments; they are named in the root.
    var added: [SegmentReference] = []
    /// Segments that the next root does not name any more, with their smallest keys.
    var removed: [FileIdentifier: CuboidKey] = [:]
    /// New properties of segments that stay.
    var changed: [FileIdentifier: SegmentReference] = [:]
    /// Dead and held bytes of segments, for those that are written down anew.
    var counts: [FileIdentifier: UpkeepState.Count] = [:]
}

/// The segment lists of the next root, made from the last ones by an edit.
///
/// Lists in shards are immutable files: a shard that loses a segment is written anew. When the root names too many
/// segments itself, the settled ones move to shards, which are cut so that they cover the keys one after the other.
struct ManifestRevision {
    /// Segments that a root may name itself before the settled ones move to shards.
    static let recentLimit = 1024

    private(set) var recent: [SegmentReference]
    private(set) var shards: [ShardReference]
    /// Shards that the edit made, with what they list.
    private(set) var written: [(reference: ShardReference, segments: [SegmentReference])] = []
    /// Files that the new root does not name any more.
    private(set) var retiredPaths: [String] = []
    private var createdPaths: [String] = []
    private let fileSystem: any FileSystem
    private let database: FileIdentifier
    private let capacity: Int

    /// Applies an edit; new shard files are written and flushed, nothing names them yet.
    ///
    /// - Parameter table: the segments of the root that is changed, for shards that were read already.
    init(
        root: ManifestRoot, table: SegmentTable, edit: ManifestEdit, fileSystem: any FileSystem,
        limit: Int = Self.recentLimit, capacity: Int = ShardFile.capacity
    ) throws(StorageError) {
        self.fileSystem = fileSystem
        database = root.database
        self.capacity = capacity
        recent = root.segments.compactMap { edit.apply(to: $0) } + edit.added
        shards = root.shards
        for segment in root.segments where edit.removed[segment.identifier] != nil {
            retiredPaths.append(segment.path)
        }
        let own = Set(root.segments.map(\.identifier))
        do throws(StorageError) {
            try rewriteShards(
                table, edit, touching: edit.removed.filter { !own.contains($0.key) }.map(\.value))
            if recent.count > limit { try moveToShards(table, edit, limit) }
            if !written.isEmpty {
                try StorageError.flushing { () throws(StorageError) in
                    try fileSystem.syncDirectory(ShardReference.directory)
                }
            }
        } catch {
            discard()
            throw error
        }
    }

    /// Removes the shards that were written, which no root names; what cannot be removed now is removed by the next
    /// open.
    func discard() {
        for path in createdPaths { try? fileSystem.unlink(path) }
    }

    /// Shards that list a removed segment are written again without it; only those are read that may list one.
    private mutating func rewriteShards(
        _ table: SegmentTable, _ edit: ManifestEdit, touching keys: [CuboidKey]
    ) throws(StorageError) {
        guard !keys.isEmpty else { return }
        var kept: [ShardReference] = []
        for shard in table.shards {
            guard
                keys.contains(where: { shard.reference.minimumKey <= $0 && $0 <= shard.reference.maximumKey })
            else {
                kept.append(shard.reference)
                continue
            }
            let references = try shard.references()
            let gone = references.filter { edit.removed[$0.identifier] != nil }
            guard !gone.isEmpty else {
                kept.append(shard.reference)
                continue
            }
            retiredPaths.append(shard.reference.path)
            retiredPaths += gone.map(\.path)
            let rest = references.compactMap { edit.apply(to: $0) }
            if !rest.isEmpty { kept.append(try write(rest)) }
        }
        // Shards may lie between one another: one that has lost its first segment may belong behind the next.
        shards = kept.sorted { $0.minimumKey < $1.minimumKey }
    }

    /// Moves the settled segments of the root into the shards whose keys they lie between.
    private mutating func moveToShards(
        _ table: SegmentTable, _ edit: ManifestEdit, _ limit: Int
    ) throws(StorageError) {
        let settled = recent.filter { $0.level > 0 || $0.role != .log }.sorted {
            $0.minimumKey < $1.minimumKey
        }
        guard settled.count >= limit / 2, let first = settled.first, let last = settled.last else { return }
        var merged = settled
        var kept: [ShardReference] = []
        var contents: [FileIdentifier: [SegmentReference]] = [:]
        for (reference, segments) in written { contents[reference.identifier] = segments }
        for reference in shards {
            guard reference.minimumKey <= last.minimumKey, first.minimumKey <= reference.maximumKey else {
                kept.append(reference)
                continue
            }
            if let segments = contents[reference.identifier] {
                merged += segments
                written.removeAll { $0.reference.identifier == reference.identifier }
            } else if let shard = table.shards.first(where: { $0.reference == reference }) {
                merged += try shard.references().compactMap { edit.apply(to: $0) }
            }
            retiredPaths.append(reference.path)
        }
        merged.sort { $0.minimumKey < $1.minimumKey }
        let pieceCount = (merged.count + capacity - 1) / capacity
        for piece in 0..<pieceCount {
            let part = merged[merged.count * piece / pieceCount..<merged.count * (piece + 1) / pieceCount]
            kept.append(try write(Array(part)))
        }
        shards = kept.sorted { $0.minimumKey < $1.minimumKey }
        let moved = Set(settled.map(\.identifier))
        recent.removeAll { moved.contains($0.identifier) }
    }

    private mutating func write(_ segments: [SegmentReference]) throws(StorageError) -> ShardReference {
        let identifier = FileIdentifier(from: fileSystem)
        let (bytes, checksum) = ShardFile.encoded(segments, identifier: identifier, database: database)
        try fileSystem.createDirectory(ShardReference.directory)
        let path = ShardReference.path(identifier: identifier)
        let file = try fileSystem.open(path, mode: .createNew)
        createdPaths.append(path)
        let wrote = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: 0) }
        }
        try wrote.get()
        try StorageError.flushing { () throws(StorageError) in try file.sync() }
        let reference = ShardReference(
            identifier: identifier, fileByteCount: UInt64(bytes.count), checksum: checksum, segments: segments
        )
        written.append((reference, segments))
        return reference
    }
}

extension ManifestEdit {
    /// What becomes of a segment; nil when it is removed.
    func apply(to segment: SegmentReference) -> SegmentReference? {
        if removed[segment.identifier] != nil { return nil }
        var result = changed[segment.identifier] ?? segment
        if let count = counts[segment.identifier] {
            result.deadByteCount = count.dead
            result.heldByteCount = count.held
            result.snapshotByteCount = count.inSnapshots
        }
        return result
    }
}
