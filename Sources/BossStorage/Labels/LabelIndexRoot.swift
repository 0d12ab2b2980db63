import BossCodec

/// The labels of one group in a segment: which blocks hold them, and totals.
struct LabelIndexGroup: Hashable, Sendable {
    static let byteCount = 64

    var group: PageGroup
    var firstBlock: Int
    var blockCount: Int
    var entryCount: UInt64
    var minimumID: UInt64
    var maximumID: UInt64
    /// Pages of the group whose labels are not known; deletions are not among them.
    var unknownPageCount: UInt64
}

/// Where a block of labels lies, and its first entry.
struct LabelFence: Hashable, Sendable {
    static let byteCount = 32

    var firstID: UInt64
    var firstPage: UInt32
    var byteCount: Int
    var offset: UInt64
    var checksum: UInt32
}

/// The root of a segment's label index; it names every block.
///
/// Bytes: u32 magic "BQLR", u32 groups, u32 blocks, u32 0; groups of 64 bytes; fences of 32 bytes; u32 CRC.
/// A group: u32 channel, u32 resolution, u32 time, u32 first block, u32 blocks, u32 0, u64 entries, u64 smallest ID,
/// u64 largest ID, u64 pages whose labels are not known, u64 0. A fence: u64 first ID, u32 first page, u32 length of the block,
/// u64 its offset, u32 its CRC, u32 0.
final class LabelIndexRoot: Sendable {
    let groups: [LabelIndexGroup]
    let fences: [LabelFence]

    init(groups: [LabelIndexGroup], fences: [LabelFence]) {
        self.groups = groups
        self.fences = fences
    }

    /// Memory that it takes.
    var weight: Int {
        128 + groups.count * MemoryLayout<LabelIndexGroup>.stride + fences.count
            * MemoryLayout<LabelFence>.stride
    }

    func group(_ wanted: PageGroup) -> LabelIndexGroup? {
        var low = 0
        var high = groups.count
        while low < high {
            let middle = (low + high) / 2
            if groups[middle].group < wanted { low = middle + 1 } else { high = middle }
        }
        return low < groups.count && groups[low].group == wanted ? groups[low] : nil
    }

    /// The first block of a group that may hold entries of an ID or a larger one.
    func block(of id: UInt64, in group: LabelIndexGroup) -> Int {
        var low = group.firstBlock
        var high = group.firstBlock + group.blockCount
        while low < high {
            let middle = (low + high) / 2
            if fences[middle].firstID < id { low = middle + 1 } else { high = middle }
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.labelBlockOffByOne) { return low }
        #endif
        return max(group.firstBlock, low - 1)
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 20 + groups.count * 64 + fences.count * 32)
        writer.append(Magic.labelRoot)
        writer.append(UInt32(groups.count))
        writer.append(UInt32(fences.count))
        writer.append(UInt32(0))
        for group in groups { group.write(to: &writer) }
        for fence in fences { fence.write(to: &writer) }
        writer.appendChecksum()
        return writer.bytes
    }

    /// Reads and checks a root.
    ///
    /// - Throws: `.corrupt` for a wrong checksum or impossible numbers.
    init(
        _ bytes: UnsafeRawBufferPointer, expectedChecksum: UInt32, file: String, at offset: UInt64
    ) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: offset)
        guard bytes.count >= 20, try cursor.next(UInt32.self) == Magic.labelRoot else {
            throw cursor.corrupt("no root of a label index here")
        }
        let stored = UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
        guard stored == expectedChecksum,
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<bytes.count - 4])) == stored
        else { throw cursor.corrupt("checksum of a label index") }
        let groupCount = Int(try cursor.next(UInt32.self))
        let fenceCount = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        guard bytes.count == 20 + groupCount * LabelIndexGroup.byteCount + fenceCount * LabelFence.byteCount
        else {
            throw cursor.corrupt("length of a label index")
        }
        var groups: [LabelIndexGroup] = []
        groups.reserveCapacity(groupCount)
        var nextBlock = 0
        for _ in 0..<groupCount {
            let group = try LabelIndexGroup(&cursor)
            guard group.firstBlock == nextBlock, group.blockCount <= fenceCount - nextBlock,
                groups.last.map({ $0.group < group.group }) ?? true
            else { throw cursor.corrupt("groups of a label index") }
            nextBlock += group.blockCount
            groups.append(group)
        }
        guard nextBlock == fenceCount else { throw cursor.corrupt("blocks of a label index") }
        var fences: [LabelFence] = []
        fences.reserveCapacity(fenceCount)
        for _ in 0..<fenceCount {
            let fence = try LabelFence(&cursor)
            guard fence.offset <= offset, UInt64(fence.byteCount) <= offset - fence.offset else {
                throw cursor.corrupt("a block of labels outside the file")
            }
            fences.append(fence)
        }
        self.groups = groups
        self.fences = fences
    }
}

extension LabelIndexGroup {
    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let channel: UInt32 = try cursor.next()
        let resolution: UInt32 = try cursor.next()
        let time: UInt32 = try cursor.next()
        guard let level = UInt8(exactly: resolution) else { throw cursor.corrupt("resolution \(resolution)") }
        group = PageGroup(channel: channel, resolution: level, time: time)
        firstBlock = Int(try cursor.next(UInt32.self))
        blockCount = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        entryCount = try cursor.next()
        minimumID = try cursor.next()
        maximumID = try cursor.next()
        unknownPageCount = try cursor.next()
        try cursor.skip(8)
    }

    func write(to writer: inout ByteWriter) {
        writer.append(group.channel)
        writer.append(UInt32(group.resolution))
        writer.append(group.time)
        writer.append(UInt32(firstBlock))
        writer.append(UInt32(blockCount))
        writer.append(UInt32(0))
        writer.append(entryCount)
        writer.append(minimumID)
        writer.append(maximumID)
        writer.append(unknownPageCount)
        writer.append(UInt64(0))
    }
}

extension LabelFence {
    init(_ cursor: inout ByteCursor) throws(StorageError) {
        firstID = try cursor.next()
        firstPage = try cursor.next()
        byteCount = Int(try cursor.next(UInt32.self))
        offset = try cursor.next()
        checksum = try cursor.next()
        try cursor.skip(4)
        guard byteCount >= LabelBlock.headerByteCount, byteCount <= LabelBlock.byteLimit else {
            throw cursor.corrupt("a block of \(byteCount) bytes of labels")
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.append(firstID)
        writer.append(firstPage)
        writer.append(UInt32(byteCount))
        writer.append(offset)
        writer.append(checksum)
        writer.append(UInt32(0))
    }
}
