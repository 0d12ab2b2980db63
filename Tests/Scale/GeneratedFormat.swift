import BossCodec
import BossStorage

/// A segment of a generated database: the keys that it covers, and how many versions of them it holds.
struct GeneratedSegment {
    /// Its number, from 0 on; the order of numbers is the order of keys.
    let number: Int
    let pageCount: Int
    let pageByteCount: Int

    /// All pages lie in this channel, at level 0 and time 0.
    static let channel: UInt32 = 1

    var firstMorton: UInt64 { UInt64(number) * UInt64(pageCount) }
    var commit: UInt64 { UInt64(number) + 1 }
    var identifier: GeneratedIdentifier { GeneratedIdentifier(seed: UInt64(number) &* 2 &+ 1) }
    var path: String { "seg/\(identifier.text.prefix(2))/\(identifier.text).seg" }
    /// Where the index starts: behind the header and pages that were never written.
    var indexOffset: UInt64 { alignUp(4096 + UInt64(pageCount) * UInt64(pageByteCount), to: 65536) }
}

/// The 16 bytes of a name, spread evenly over the folders.
struct GeneratedIdentifier {
    let high: UInt64
    let low: UInt64

    init(seed: UInt64) {
        high = Self.mixed(seed)
        low = Self.mixed(seed ^ 0x5DEE_CE66_D1CE_4E5B)
    }

    /// SplitMix64's output function.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    var text: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Writes the structures of docs/FORMAT.md from their description alone, without the engine's own encoders: what the
/// engine opens here, another program has written.
struct GeneratedFormat {
    let database: GeneratedIdentifier

    /// Bytes of the index root at the end of a segment, and of what comes before and after it.
    struct SegmentTail {
        /// Leaves, index root, zeros, footer: everything from `indexOffset` on.
        var bytes: [UInt8]
        var footerChecksum: UInt32
        var fileByteCount: UInt64
    }

    private static let entriesPerLeaf = 408

    func segmentHeader(_ segment: GeneratedSegment) -> [UInt8] {
        var writer = ByteWriter(capacity: 4096)
        writer.append(UInt32(0x4753_5142))  // "BQSG"
        writer.append(UInt16(1))
        writer.append(UInt16(0))
        writer.append(UInt64(0))
        writer.append(UInt64(0))
        write(database, to: &writer)
        write(segment.identifier, to: &writer)
        writer.append(UInt64(1))
        writer.append(Int64(0))
        writer.append(UInt8(2))
        writer.pad(to: 76)
        writer.append(UInt32(0))
        appendChecksum(&writer)
        writer.pad(to: 4096)
        return writer.bytes
    }

    func segmentTail(_ segment: GeneratedSegment) -> SegmentTail {
        var tail = ByteWriter()
        var fences = ByteWriter()
        var leafCount: UInt32 = 0
        for start in stride(from: 0, to: segment.pageCount, by: Self.entriesPerLeaf) {
            let leaf = leaf(segment, start..<min(start + Self.entriesPerLeaf, segment.pageCount))
            fences.append(segment.firstMorton + UInt64(start))
            fences.append(segment.indexOffset + UInt64(tail.bytes.count))
            fences.append(UInt32(leaf.bytes.count))
            fences.append(leaf.checksum)
            tail.append(contentsOf: leaf.bytes)
            leafCount += 1
        }
        var root = ByteWriter()
        root.append(UInt32(0x5249_5142))  // "BQIR"
        root.append(UInt32(1))
        root.append(leafCount)
        root.append(UInt32(0))
        for number in [GeneratedSegment.channel, 0, 0, 0, leafCount, 0] { root.append(number) }
        root.append(UInt64(segment.pageCount))
        root.append(UInt64(0))
        root.append(UInt64(0))
        root.append(UInt64(segment.pageCount) * UInt64(segment.pageByteCount))
        root.append(contentsOf: fences.bytes)
        let rootChecksum = appendChecksum(&root)
        let rootOffset = segment.indexOffset + UInt64(tail.bytes.count)
        tail.append(contentsOf: root.bytes)
        tail.pad(to: Int(alignUp(UInt64(tail.bytes.count), to: 4096)))
        let footer = footer(segment, rootOffset, root.bytes.count, rootChecksum)
        tail.append(contentsOf: footer.bytes)
        return SegmentTail(
            bytes: tail.bytes, footerChecksum: footer.checksum,
            fileByteCount: segment.indexOffset + UInt64(tail.bytes.count))
    }

    private func leaf(_ segment: GeneratedSegment, _ range: Range<Int>) -> (bytes: [UInt8], checksum: UInt32)
    {
        var body = ByteWriter()
        body.append(GeneratedSegment.channel)
        body.append(UInt8(0))
        body.append(UInt8(0))
        body.append(UInt16(range.count))
        body.append(UInt32(0))
        body.pad(to: 56)
        for index in range {
            body.append(segment.firstMorton + UInt64(index))
            body.append(UInt64(0))
            body.append(UInt64(4096) + UInt64(index) * UInt64(segment.pageByteCount))
            body.append(UInt32(segment.pageByteCount))
            body.append(UInt32(0))
            body.append(UInt64(1))
        }
        let checksum = body.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        var writer = ByteWriter(capacity: body.bytes.count + 8)
        writer.append(UInt32(0x464C_5142))  // "BQLF"
        writer.append(checksum)
        writer.append(contentsOf: body.bytes)
        return (writer.bytes, checksum)
    }

    private func footer(
        _ segment: GeneratedSegment, _ rootOffset: UInt64, _ rootByteCount: Int, _ rootChecksum: UInt32
    ) -> (bytes: [UInt8], checksum: UInt32) {
        var writer = ByteWriter(capacity: 4096)
        writer.append(UInt32(0x5446_5142))  // "BQFT"
        writer.append(rootChecksum)
        writer.append(rootOffset)
        writer.append(UInt32(rootByteCount))
        writer.append(UInt32(0))
        writer.append(UInt64(segment.pageCount))
        writer.append(UInt64(segment.pageCount) * UInt64(segment.pageByteCount))
        writeKeys(segment, to: &writer)
        writer.append(UInt64(0))
        writer.append(UInt64(0))
        let checksum = appendChecksum(&writer)
        writer.pad(to: 4096)
        return (writer.bytes, checksum)
    }

    /// The 160 bytes by which the manifest names a segment.
    func write(_ segment: GeneratedSegment, tail: SegmentTail, to writer: inout ByteWriter) {
        let start = writer.bytes.count
        write(segment.identifier, to: &writer)
        writer.append(UInt8(2))
        writer.append(UInt8(1))
        writer.append(UInt16(0))
        writer.append(tail.footerChecksum)
        writer.append(tail.fileByteCount)
        writeKeys(segment, to: &writer)
        writer.append(segment.commit - 1)
        writer.append(segment.commit)
        writer.append(UInt64(segment.pageCount))
        writer.append(UInt64(segment.pageCount) * UInt64(segment.pageByteCount))
        writer.append(UInt64(0))
        writer.append(segment.commit)
        writer.append(UInt64(0))
        writer.pad(to: start + 160)
    }

    /// A shard file.
    func shard(_ identifier: GeneratedIdentifier, _ segments: [UInt8]) -> (bytes: [UInt8], checksum: UInt32) {
        var writer = ByteWriter(capacity: segments.count + 52)
        writer.append(UInt32(0x4853_5142))  // "BQSH"
        writer.append(UInt16(1))
        writer.append(UInt16(0))
        write(database, to: &writer)
        write(identifier, to: &writer)
        writer.append(UInt32(segments.count / 160))
        writer.append(UInt32(0))
        writer.append(contentsOf: segments)
        let checksum = appendChecksum(&writer)
        return (writer.bytes, checksum)
    }

    /// The 128 bytes by which a root names a shard.
    func write(
        shard identifier: GeneratedIdentifier, byteCount: Int, checksum: UInt32, first: GeneratedSegment,
        last: GeneratedSegment, segmentByteCount: UInt64, to writer: inout ByteWriter
    ) {
        let start = writer.bytes.count
        let count = last.number - first.number + 1
        write(identifier, to: &writer)
        writer.append(UInt64(byteCount))
        writer.append(checksum)
        writer.append(UInt32(count))
        writeKey(first.firstMorton, to: &writer)
        writeKey(last.firstMorton + UInt64(last.pageCount) - 1, to: &writer)
        writer.append(last.commit)
        writer.append(segmentByteCount)
        writer.append(UInt64(count) * UInt64(first.pageCount) * UInt64(first.pageByteCount))
        writer.append(UInt64(0))
        writer.append(UInt64(0))
        writer.pad(to: start + 128)
    }

    /// Root 1.
    func root(segments: [UInt8], shards: [UInt8], lastCommit: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: segments.count + shards.count + 256)
        writer.append(UInt32(0x5452_5142))  // "BQRT"
        writer.append(UInt16(1))
        writer.append(UInt16(0))
        writer.append(UInt64(0))
        write(database, to: &writer)
        writer.append(UInt64(1))
        writer.append(UInt64(1))
        writer.append(lastCommit)
        writer.append(Int64(0))
        let sections: [(UInt32, [UInt8])] = [(1, []), (2, segments), (3, []), (4, shards)]
        writer.append(UInt32(sections.count))
        writer.append(UInt32(0))
        for (kind, bytes) in sections {
            writer.append(kind)
            writer.append(UInt32(1))
            writer.append(UInt64(bytes.count))
            writer.append(contentsOf: bytes)
        }
        appendChecksum(&writer)
        return writer.bytes
    }

    private func writeKeys(_ segment: GeneratedSegment, to writer: inout ByteWriter) {
        writeKey(segment.firstMorton, to: &writer)
        writeKey(segment.firstMorton + UInt64(segment.pageCount) - 1, to: &writer)
    }

    private func writeKey(_ morton: UInt64, to writer: inout ByteWriter) {
        for number in [GeneratedSegment.channel, 0, 0, 0] { writer.append(number) }
        writer.append(morton)
    }

    private func write(_ identifier: GeneratedIdentifier, to writer: inout ByteWriter) {
        writer.append(identifier.high)
        writer.append(identifier.low)
    }

    @discardableResult
    private func appendChecksum(_ writer: inout ByteWriter) -> UInt32 {
        let checksum = writer.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        writer.append(checksum)
        return checksum
    }
}
