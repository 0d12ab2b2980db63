import BossCodec

/// A part of a file's keys of which it is not known what the file holds: a leaf of its index is lost, or all of them.
struct SalvagePart {
    let lowest: CuboidKey
    /// Inclusive.
    var highest: CuboidKey
    /// Versions of cuboids in it.
    var count: UInt64

    func contains(_ key: CuboidKey) -> Bool { lowest <= key && key <= highest }

    /// Everything that the manifest says of a file.
    init(all reference: SegmentReference) {
        (lowest, highest) = (reference.minimumKey, reference.maximumKey)
        count = reference.pageCount
    }

    init(lowest: CuboidKey, highest: CuboidKey, count: Int) {
        (self.lowest, self.highest, self.count) = (lowest, highest, UInt64(count))
    }
}

/// The index of a segment file as far as the chain of checksums from the manifest leads: from the footer over the
/// root to each leaf. Nothing else in the file has to verify, so it also tells what a file is that lost its header, and
/// where its pages lie when it lost bytes at its start.
struct SalvageIndex {
    private(set) var leaves: [(group: PageGroup, entries: [IndexEntry])] = []
    /// What leaves hold that do not verify, ascending.
    private(set) var lost: [SalvagePart] = []
    /// How far everything lies from its place, in wrapping arithmetic.
    let shift: UInt64

    var isWhole: Bool { lost.isEmpty }

    /// The index that a reference names; nil when its root is not in the file.
    init?(_ file: SalvageFile, _ reference: SegmentReference) {
        guard let (footer, checksum) = file.footer(expectedByteCount: reference.fileByteCount),
            checksum == reference.footerChecksum
        else { return nil }
        self.init(file, footer, isUnique: reference.commitSequence != 0)
    }

    /// The index that a footer names.
    ///
    /// - Parameter isUnique: whether the file has one version of each cuboid, as bulk loads have.
    init?(_ file: SalvageFile, _ footer: SegmentFooter, isUnique: Bool) {
        let indexEnd = footer.indexOffset + UInt64(footer.indexByteCount)
        let written = alignUp(indexEnd, to: UInt64(PageLayout.memoryPage)) + UInt64(SegmentFooter.byteCount)
        var shifts: [UInt64] = [0]
        if file.length != written { shifts.append(file.length &- written) }
        for shift in shifts {
            let bytes = file.bytes(at: footer.indexOffset &+ shift, count: footer.indexByteCount)
            let root = bytes.withUnsafeBytes {
                try? SegmentIndex(
                    $0, expectedChecksum: footer.indexChecksum, file: file.path, at: footer.indexOffset)
            }
            guard let root else { continue }
            self.shift = shift
            for group in root.groups { read(group, of: root, file, footer, isUnique) }
            return
        }
        return nil
    }

    private mutating func read(
        _ group: IndexGroup, of root: SegmentIndex, _ file: SalvageFile, _ footer: SegmentFooter,
        _ isUnique: Bool
    ) {
        let last = group.firstLeaf + group.leafCount - 1
        for number in group.firstLeaf...last {
            let fence = root.fences[number]
            let bytes = file.bytes(at: fence.offset &+ shift, count: fence.byteCount)
            let leaf = bytes.withUnsafeBytes {
                $0.count == fence.byteCount
                    ? try? IndexLeaf($0, fence: fence, group: group.group, file: file.path) : nil
            }
            if let leaf {
                leaves.append((group.group, leaf.entries.map(placed)))
                continue
            }
            var end = footer.maximumKey.group == group.group ? footer.maximumKey.morton : .max >> 1
            // Versions of one cuboid may go on in the next leaf.
            if number < last { end = root.fences[number + 1].firstMorton - (isUnique ? 1 : 0) }
            let part = SalvagePart(
                lowest: CuboidKey(group: group.group, morton: fence.firstMorton),
                highest: CuboidKey(group: group.group, morton: max(end, fence.firstMorton)),
                count: (fence.byteCount - SegmentIndex.leafHeaderByteCount) / IndexEntry.byteCount)
            if let before = lost.last, before.highest >= part.lowest {
                lost[lost.count - 1].highest = max(before.highest, part.highest)
                lost[lost.count - 1].count += part.count
            } else {
                lost.append(part)
            }
        }
    }

    /// An entry with the place where its page lies now; a page that was cut off lies behind every file.
    private func placed(_ entry: IndexEntry) -> IndexEntry {
        var entry = entry
        if !entry.isIndexOnly { entry.offsetOrConstant &+= shift }
        return entry
    }
}
