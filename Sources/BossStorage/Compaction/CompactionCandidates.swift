/// Which segments the next step looks at.
extension StorageEngine {
    /// Segments that maintenance looks after: those of the root, and of those in shards the ones that were counted, that
    /// belong to dropped channels, or whose shard has much that is dead.
    func candidates(
        _ shown: PublishedState, _ upkeep: UpkeepState, forcing wanted: Set<FileIdentifier>
    ) throws(StorageError) -> [Segment] {
        var segments = shown.table.recent
        guard !shown.table.shards.isEmpty else { return segments }
        var taken = Set(segments.map(\.reference.identifier))
        func take(_ segment: Segment) {
            if taken.insert(segment.reference.identifier).inserted { segments.append(segment) }
        }
        for shard in shown.table.shards {
            let reference = shard.reference
            guard !wanted.isEmpty || reference.deadByteCount * 10 > reference.segmentByteCount else {
                continue
            }
            let all = try shard.segments()
            for index in all.references.indices { take(all[index]) }
        }
        for (identifier, key) in upkeep.countedKeys where !taken.contains(identifier) {
            if let segment = try shown.table.segment(identifier, startingAt: key) { take(segment) }
        }
        for channel in shown.droppedChannels.sorted() {
            let limit = segments.count + ShardFile.capacity
            let (low, high) = CuboidKey.range(ofChannel: channel)
            try shown.table.forEach(from: low, through: high, while: { segments.count < limit }, take)
        }
        return segments
    }

    /// Segments that a person wants to be rewritten: those that overlap others, then those with anything dead.
    func forced(
        _ wanted: inout Set<FileIdentifier>, _ segments: [Segment], _ upkeep: UpkeepState,
        _ usage: SpaceUsage
    ) -> CompactionTask? {
        let open = segments.filter { wanted.contains($0.reference.identifier) }.sorted {
            $0.reference.minimumKey < $1.reference.minimumKey
        }
        let overlapping = open.filter { segment in
            let own = segment.reference
            return segments.contains {
                $0.reference.identifier != own.identifier
                    && $0.reference.overlaps(own.minimumKey, own.maximumKey)
            }
        }
        var chosen: [Segment] = []
        var bytes: UInt64 = 0
        for segment in overlapping {
            bytes += segment.reference.fileByteCount
            if chosen.count >= 2, bytes > min(options.compactionByteCount, usage.affordable) { break }
            chosen.append(segment)
        }
        if chosen.isEmpty {
            chosen = Array(open.filter { upkeep.count(of: $0.reference).dead > 0 }.prefix(1))
        }
        wanted.subtract(chosen.map(\.reference.identifier))
        return chosen.isEmpty ? nil : .rewrite(chosen)
    }
}
