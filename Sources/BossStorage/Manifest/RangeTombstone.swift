import BossGeometry

/// A box of cuboids that was deleted by one commit: whatever is older in it reads as background.
///
/// 40 bytes in the manifest: the key of the lowest cuboid, u64 Morton code of the highest, u64 sequence number.
package struct RangeTombstone: Hashable, Sendable {
    static let byteCount = 40

    /// Channel, resolution and time.
    package let group: PageGroup
    /// Morton code of the cuboid with the lowest indices.
    package let lowest: UInt64
    /// Morton code of the cuboid with the highest indices, inclusive.
    package let highest: UInt64
    /// The commit that deleted.
    package let sequence: UInt64

    private static let axisMask: UInt64 = 0x1249_2492_4924_9249

    /// A deletion.
    init(group: PageGroup, lowest: UInt64, highest: UInt64, sequence: UInt64) {
        self.group = group
        self.lowest = lowest
        self.highest = highest
        self.sequence = sequence
    }

    /// Whether a cuboid lies in the box. Bits of one axis keep their order in a Morton code, so they are compared
    /// where they stand.
    func contains(_ morton: UInt64) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.hideOneCuboidLess), morton == highest, morton != lowest { return false }
        #endif
        for axis in 0..<3 {
            let mask = Self.axisMask << UInt64(axis)
            let value = morton & mask
            if value < lowest & mask || value > highest & mask { return false }
        }
        return true
    }

    /// Whether some cuboid lies in both boxes.
    func overlaps(_ other: RangeTombstone) -> Bool {
        guard group == other.group else { return false }
        return (0..<3).allSatisfy { axis in
            let mask = Self.axisMask << UInt64(axis)
            return max(lowest & mask, other.lowest & mask) <= min(highest & mask, other.highest & mask)
        }
    }

    /// The span of Morton codes in which the box lies.
    var codes: ClosedRange<UInt64> { lowest...max(lowest, highest) }

    /// What it hides reads like this version.
    func version(in store: any PageStore) -> PageVersion {
        PageVersion(
            sequence: sequence, baseSequence: sequence, kind: .tombstone, constantBits: 0,
            store: store, offset: 0, byteCount: 0, headerChecksum: 0)
    }

    func write(to writer: inout ByteWriter) {
        CuboidKey(group: group, morton: lowest).write(to: &writer)
        writer.append(highest)
        writer.append(sequence)
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let key = try CuboidKey(&cursor)
        group = key.group
        lowest = key.morton
        highest = try cursor.next()
        sequence = try cursor.next()
    }
}
