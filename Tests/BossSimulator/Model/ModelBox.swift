import BossStorage

/// A box of cuboids of one group, given by the Morton codes of its lowest and highest cuboid.
struct ModelBox: Hashable, Sendable {
    let group: PageGroup
    let lowest: UInt64
    let highest: UInt64

    /// Whether a cuboid lies inside, by its coordinates.
    func contains(_ key: CuboidKey) -> Bool {
        guard key.group == group else { return false }
        let (low, point, high) = (Self.point(lowest), Self.point(key.morton), Self.point(highest))
        return (0..<3).allSatisfy { low[$0] <= point[$0] && point[$0] <= high[$0] }
    }

    /// Whether some cuboid lies in both, by coordinates.
    func overlaps(_ other: ModelBox) -> Bool {
        guard group == other.group else { return false }
        let (low, high) = (Self.point(lowest), Self.point(highest))
        let (otherLow, otherHigh) = (Self.point(other.lowest), Self.point(other.highest))
        return (0..<3).allSatisfy { low[$0] <= otherHigh[$0] && otherLow[$0] <= high[$0] }
    }

    /// The box around two cuboids.
    init(_ group: PageGroup, around one: UInt64, _ other: UInt64) {
        self.group = group
        let (left, right) = (Self.point(one), Self.point(other))
        lowest = Self.code((0..<3).map { min(left[$0], right[$0]) })
        highest = Self.code((0..<3).map { max(left[$0], right[$0]) })
    }

    /// The coordinates of a code, bit by bit, from its definition.
    private static func point(_ code: UInt64) -> [UInt64] {
        var point: [UInt64] = [0, 0, 0]
        for bit in 0..<63 where code >> UInt64(bit) & 1 == 1 { point[bit % 3] |= 1 << UInt64(bit / 3) }
        return point
    }

    private static func code(_ point: [UInt64]) -> UInt64 {
        var code: UInt64 = 0
        for bit in 0..<63 where point[bit % 3] >> UInt64(bit / 3) & 1 == 1 { code |= 1 << UInt64(bit) }
        return code
    }
}

/// A box that a commit deleted.
struct ModelDeletion: Hashable, Sendable {
    let box: ModelBox
    let sequence: UInt64
}

/// A commit with a name.
struct ModelSnapshot: Hashable, Sendable {
    let name: String
    let scope: UInt64
    let sequence: UInt64
}
