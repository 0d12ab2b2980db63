/// One ID that reads as another since they were merged.
package struct MappingPair: Hashable, Sendable {
    /// The ID that voxels hold.
    package let from: UInt64
    /// The ID that it was merged into, which may have been merged itself.
    package let to: UInt64

    /// A pair.
    package init(from: UInt64, to: UInt64) {
        self.from = from
        self.to = to
    }
}

/// The bytes of the pages that hold the merged IDs of a channel, group `PageGroup.mapping(of:)`.
///
/// A bucket, Morton codes 0 to 1023:
///
///      0  u32 `BQMP`        4  u32 version, 1        8  u64 number of pairs
///     16  from u64, to u64 each; ascending by `from`, all of which belong to the bucket
///
/// The head, Morton code 1024, which every change of the mapping writes again, so that two of them conflict:
///
///      0  u32 `BQMH`        4  u32 version, 1        8  u64 number of pairs in all buckets
///     16  u64 number of changes so far
package enum MappingPage {
    /// Buckets of a mapping.
    package static let bucketCount: UInt64 = 1024
    /// Morton code of the head.
    package static let headCode: UInt64 = bucketCount
    /// Pairs of a bucket at most.
    package static let pairLimit = (PageLimits.brickByteCount - headerByteCount) / pairByteCount

    private static let version: UInt32 = 1
    private static let headerByteCount = 16
    private static let pairByteCount = 16

    /// Where an ID belongs: the high ten bits of its product with 2^64 divided by the golden ratio.
    package static func bucket(of id: UInt64) -> UInt64 { (id &* 0x9E37_79B9_7F4A_7C15) >> 54 }

    /// The bytes of a bucket.
    ///
    /// - Precondition: at most `pairLimit` pairs, ascending.
    package static func encode(_ pairs: [MappingPair]) -> [UInt8] {
        precondition(pairs.count <= pairLimit, "pairs of one page")
        var writer = ByteWriter(capacity: headerByteCount + pairs.count * pairByteCount)
        writer.append(Magic.mapping)
        writer.append(version)
        writer.append(UInt64(pairs.count))
        for pair in pairs {
            writer.append(pair.from)
            writer.append(pair.to)
        }
        return writer.bytes
    }

    /// Reads a bucket.
    ///
    /// - Throws: `.corrupt` for pairs that are out of order, belong elsewhere, or lead from an ID to itself.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, bucket: UInt64, file: String
    ) throws(StorageError) -> [MappingPair] {
        var cursor = ByteCursor(bytes, file: file)
        guard try cursor.next(UInt32.self) == Magic.mapping, try cursor.next(UInt32.self) == version else {
            throw cursor.corrupt("no merged IDs")
        }
        let count: UInt64 = try cursor.next()
        guard count <= UInt64(pairLimit), cursor.remaining == Int(count) * pairByteCount else {
            throw cursor.corrupt("\(count) merged IDs in \(cursor.remaining) bytes")
        }
        var pairs: [MappingPair] = []
        pairs.reserveCapacity(Int(count))
        for _ in 0..<count {
            let pair = MappingPair(from: try cursor.next(), to: try cursor.next())
            guard pairs.last.map({ $0.from < pair.from }) ?? true, pair.from != pair.to,
                self.bucket(of: pair.from) == bucket
            else { throw cursor.corrupt("merged ID \(pair.from) is out of place") }
            pairs.append(pair)
        }
        return pairs
    }

    /// The bytes of a head.
    package static func encode(_ head: MappingHead) -> [UInt8] {
        var writer = ByteWriter(capacity: 24)
        writer.append(Magic.mappingHead)
        writer.append(version)
        writer.append(head.pairCount)
        writer.append(head.changeCount)
        return writer.bytes
    }

    /// Reads a head.
    ///
    /// - Throws: `.corrupt`.
    package static func decodeHead(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(StorageError) -> MappingHead {
        var cursor = ByteCursor(bytes, file: file)
        guard try cursor.next(UInt32.self) == Magic.mappingHead, try cursor.next(UInt32.self) == version,
            cursor.remaining == 16
        else { throw cursor.corrupt("no head of merged IDs") }
        return MappingHead(pairCount: try cursor.next(), changeCount: try cursor.next())
    }
}

/// What the head of a mapping says.
package struct MappingHead: Hashable, Sendable {
    /// Pairs in all buckets; 0 for a mapping that was baked or undone.
    package let pairCount: UInt64
    /// How often the mapping was changed.
    package let changeCount: UInt64

    /// A head.
    package init(pairCount: UInt64, changeCount: UInt64) {
        self.pairCount = pairCount
        self.changeCount = changeCount
    }
}

extension PageGroup {
    /// The pages of a channel that hold its merged IDs.
    package static func mapping(of channel: UInt32) -> PageGroup {
        PageGroup(channel: channel, resolution: ReservedResolution.mapping, time: 0)
    }

    /// Whether its pages hold merged IDs.
    var isMapping: Bool {
        resolution == ReservedResolution.mapping && time == 0 && !SystemGroup.isSystem(self)
    }
}

extension Magic {
    static let mapping: UInt32 = 0x504D_5142  // "BQMP"
    static let mappingHead: UInt32 = 0x484D_5142  // "BQMH"
}
