/// A box of cuboids, at one or more time samples, that a deletion has gone over, whatever it found there.
struct ClearedBox: Sendable {
    /// The cuboid with the lowest indices, at the first time sample.
    let lowest: CuboidKey
    /// The cuboid with the highest indices, at the last time sample; both inclusive.
    let highest: CuboidKey

    /// The box from one key to another of the same channel and resolution.
    init(lowest: CuboidKey, highest: CuboidKey) {
        precondition(
            lowest.group.channel == highest.group.channel
                && lowest.group.resolution == highest.group.resolution, "a box lies in one level of a channel"
        )
        self.lowest = lowest
        self.highest = highest
    }

    /// The box that a deletion hides.
    init(_ deletion: RangeTombstone) {
        lowest = CuboidKey(group: deletion.group, morton: deletion.lowest)
        highest = CuboidKey(group: deletion.group, morton: deletion.highest)
    }

    /// Whether a group is one of its time samples.
    func covers(_ group: PageGroup) -> Bool { lowest.group <= group && group <= highest.group }

    /// The box at one of its time samples.
    func part(of group: PageGroup) -> RangeTombstone {
        RangeTombstone(group: group, lowest: lowest.morton, highest: highest.morton, sequence: .max)
    }

    /// Whether a cuboid lies in the box.
    func contains(_ group: PageGroup, _ morton: UInt64) -> Bool {
        covers(group) && part(of: group).contains(morton)
    }

    /// Whether another deletion concerns a cuboid of the box.
    func overlaps(_ deletion: RangeTombstone) -> Bool {
        covers(deletion.group) && part(of: deletion.group).overlaps(deletion)
    }
}
