import BossStorage

/// Where the bytes of a database are, and what waits for compaction.
public struct StorageStatistics: Hashable, Sendable {
    /// Lengths of all segment files and the live log.
    public let byteCount: UInt64
    /// Of these, what the newest state and snapshots need, with the overhead of files.
    public let liveByteCount: UInt64
    /// Of these, pages that nobody needs any more.
    public let deadByteCount: UInt64
    /// Of these, pages that only the history needs.
    public let historyByteCount: UInt64
    /// Files of loads and compactions that are not committed.
    public let inFlightByteCount: UInt64
    /// Files beside these that only views, transactions and readers of other processes still need, since they began
    /// before the files were replaced.
    public let readerByteCount: UInt64
    /// What the database may take: 1.5 times the live bytes and 2 GiB.
    public let byteCountBound: UInt64
    /// Segment files.
    public let segmentCount: Int
    /// Of these, sealed logs that wait for compaction.
    public let levelZeroCount: Int
    /// Writes that waited for compaction since the database was opened.
    public let stallCount: Int
    /// How long they waited in all.
    public let stallMicroseconds: Int64
    /// Why maintenance could not go on the last time, else the last damage that it or scrubbing has met, with the file,
    /// until it is repaired; nil when all is well.
    public let lastFailure: String?
}

/// Upkeep by hand; the rest is done by a thread of the writing handle.
extension Database {
    /// Where the bytes of the database are now.
    public var storageStatistics: StorageStatistics {
        let usage = engine.spaceUsage
        return StorageStatistics(
            byteCount: usage.total, liveByteCount: usage.live, deadByteCount: usage.dead,
            historyByteCount: usage.held, inFlightByteCount: usage.inFlight,
            readerByteCount: engine.retiredByteCount, byteCountBound: usage.bound,
            segmentCount: usage.segmentCount, levelZeroCount: usage.levelZeroCount,
            stallCount: usage.stallCount, stallMicroseconds: usage.stallMicroseconds,
            lastFailure: lastFailure(usage))
    }

    private func lastFailure(_ usage: SpaceUsage) -> String? {
        if let failure = usage.lastFailure { return DatabaseError(failure).message }
        if usage.postponedCount > 0 { return "no room to write \(usage.postponedCount) segment files again" }
        return usage.lastDamage.map(words)
    }

    /// A finding in words that name the channel.
    private func words(of finding: CheckFinding) -> String {
        // Without names it is told by numbers.
        let named = DatabaseFinding(finding, (try? ChannelNames(catalog)) ?? ChannelNames())
        return "\(named.object): \(named.problem)"
    }

    /// Writes segment files again until nothing is dead and nothing overlaps that need not: for a person who wants
    /// the space or the locality now. Reads and writes go on meanwhile.
    ///
    /// - Parameter channel: only files that may hold pages of this channel; all by default.
    /// - Throws: 53100 without room for a new file, XX001 naming a damaged file, 57014 when cancelled.
    public func compact(
        _ channel: Channel? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) {
        if isReadOnly { throw DatabaseError(StorageError.readOnly) }
        let relay = ProgressRelay(title: "compact", control: control)
        try relay.run { (report) throws(StorageError) in
            try withoutActuallyEscaping(report) { (report) throws(StorageError) in
                var done: UInt64 = 0
                let total = engine.spaceUsage.total
                try engine.compact(
                    channel: channel?.layout.channel,
                    // Pages are copied and then read back.
                    control: { (byteCount) throws(StorageError) in
                        done += UInt64(byteCount)
                        try report(done / 2, max(done / 2, total))
                    })
            }
        }
    }
}
