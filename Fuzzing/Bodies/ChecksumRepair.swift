import BossCodec

@testable import BossStorage

/// Recomputes the checksums of damaged structures, inside out, so that a reader gets past them.
///
/// Offsets are those of docs/FORMAT.md. What lies out of range is left as it is.
enum ChecksumRepair {
    /// Writes the checksum of a range; returns it.
    @discardableResult
    static func seal(_ bytes: inout [UInt8], _ range: Range<Int>, at offset: Int) -> UInt32 {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return 0 }
        let checksum = bytes.withUnsafeBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[range])) }
        bytes.put(checksum, at: offset)
        return checksum
    }

    /// A manifest root, or anything else that ends with the checksum of all before.
    static func trailing(_ bytes: inout [UInt8]) {
        guard bytes.count >= 4 else { return }
        seal(&bytes, 0..<bytes.count - 4, at: bytes.count - 4)
    }

    /// The writer's status at an offset.
    static func status(_ bytes: inout [UInt8], at offset: Int = 0) {
        seal(&bytes, offset..<offset + 60, at: offset + 60)
    }

    /// A page: its bricks, its directory, its header.
    ///
    /// - Returns: the header's checksum, nil where no header fits.
    @discardableResult
    static func page(_ bytes: inout [UInt8], at start: Int) -> UInt32? {
        guard start >= 0, start <= bytes.count - PageHeader.byteCount,
            let declared = bytes.number(UInt32.self, at: start + 72)
        else { return nil }
        let directory = start + PageHeader.byteCount
        let length = min(Int(declared), bytes.count - directory)
        for entry in stride(from: directory, to: directory + length - 15, by: BrickEntry.byteCount) {
            guard let offset = bytes.number(UInt32.self, at: entry),
                let word = bytes.number(UInt32.self, at: entry + 4),
                word >> 24 != UInt32(BrickCodec.constant.rawValue)
            else { continue }
            let brick = start + Int(offset)
            seal(&bytes, brick..<brick + Int(word & 0xFF_FFFF), at: entry + 8)
        }
        seal(&bytes, directory..<directory + length, at: start + 80)
        return seal(&bytes, start..<start + 92, at: start + 92)
    }

    /// A log: the header and every page and commit record up to the first that is none.
    ///
    /// - Parameter links: whether commit records also get the counts, offsets and chain that they must have.
    static func log(_ bytes: inout [UInt8], links: Bool) {
        var chain = bytes.number(UInt32.self, at: 76) ?? 0
        seal(&bytes, 0..<80, at: 80)
        var offset = SegmentHeader.byteCount
        var batch = (offset: offset, pages: UInt32(0), count: UInt32(0))
        while let magic = bytes.number(UInt32.self, at: offset) {
            switch magic {
            case Magic.page:
                guard let checksum = page(&bytes, at: offset),
                    let length = bytes.number(UInt32.self, at: offset + 64),
                    length >= PageHeader.byteCount
                else { return }
                batch.pages = withUnsafeBytes(of: checksum.littleEndian) {
                    CRC32C.checksum($0, seed: batch.pages)
                }
                batch.count += 1
                offset = Int(alignUp(UInt64(offset) + UInt64(length), to: PageLayout.fileAlignment))
            case Magic.commit:
                if links {
                    bytes.put(batch.count, at: offset + 16)
                    bytes.put(batch.pages, at: offset + 20)
                    bytes.put(UInt64(batch.offset), at: offset + 24)
                    bytes.put(chain, at: offset + 48)
                }
                chain = seal(&bytes, offset..<offset + 60, at: offset + 60)
                offset += CommitRecord.byteCount
                batch = (offset, 0, 0)
            case 0:
                let next = Int(alignUp(UInt64(offset), to: UInt64(PageLayout.memoryPage)))
                guard next != offset else { return }
                offset = next
            default: return
            }
        }
    }

    /// A segment file: pages, leaves, index root, footer, header.
    ///
    /// - Returns: the footer's checksum, which the manifest repeats.
    @discardableResult
    static func segment(_ bytes: inout [UInt8]) -> UInt32 {
        seal(&bytes, 0..<80, at: 80)
        let footer = bytes.count - SegmentFooter.byteCount
        guard footer >= 0 else { return 0 }
        if let root = bytes.index(footer + 8), let length = bytes.number(UInt32.self, at: footer + 16),
            length >= 20, root <= bytes.count, Int(length) <= bytes.count - root
        {
            bytes.put(indexRoot(&bytes, root..<root + Int(length)), at: footer + 4)
        }
        return seal(&bytes, footer..<footer + 104, at: footer + 104)
    }

    private static func indexRoot(_ bytes: inout [UInt8], _ root: Range<Int>) -> UInt32 {
        let groups = Int(bytes.number(UInt32.self, at: root.lowerBound + 4) ?? 0)
        let first = root.lowerBound + 16 + groups * IndexGroup.byteCount
        let end = root.upperBound - 4
        if first <= end {
            for fence in stride(from: first, to: end - IndexFence.byteCount + 1, by: IndexFence.byteCount) {
                guard let leaf = bytes.index(fence + 8),
                    let length = bytes.number(UInt32.self, at: fence + 16),
                    leaf <= bytes.count, Int(length) <= bytes.count - leaf, length >= 64
                else { continue }
                bytes.put(indexLeaf(&bytes, leaf..<leaf + Int(length)), at: fence + 20)
            }
        }
        return seal(&bytes, root.lowerBound..<end, at: end)
    }

    private static func indexLeaf(_ bytes: inout [UInt8], _ leaf: Range<Int>) -> UInt32 {
        let first = leaf.lowerBound + SegmentIndex.leafHeaderByteCount
        for entry in stride(
            from: first, to: leaf.upperBound - IndexEntry.byteCount + 1, by: IndexEntry.byteCount)
        {
            guard let place = bytes.index(entry + 16), place <= bytes.count,
                bytes.number(UInt32.self, at: place) == Magic.page, let checksum = page(&bytes, at: place)
            else { continue }
            bytes.put(checksum, at: entry + 28)
        }
        return seal(&bytes, leaf.lowerBound + 8..<leaf.upperBound, at: leaf.lowerBound + 4)
    }
}
