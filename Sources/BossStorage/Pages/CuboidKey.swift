/// What a cuboid belongs to: a channel at a resolution level and a time sample.
package struct PageGroup: Hashable, Sendable {
    /// Channel number from the catalog; never reused.
    package let channel: UInt32
    /// `ResolutionLevel.rawValue`: the level, and bit 7 for the isotropic chain.
    package let resolution: UInt8
    /// Time sample.
    package let time: UInt32

    /// A group.
    package init(channel: UInt32, resolution: UInt8, time: UInt32) {
        self.channel = channel
        self.resolution = resolution
        self.time = time
    }
}

extension PageGroup: Comparable {
    /// Channel first, then resolution, then time.
    package static func < (left: PageGroup, right: PageGroup) -> Bool {
        (left.channel, left.resolution, left.time) < (right.channel, right.resolution, right.time)
    }
}

/// The key of a cuboid; its versions differ by sequence number.
package struct CuboidKey: Hashable, Sendable {
    /// Channel, resolution and time.
    package let group: PageGroup
    /// Morton code of the cuboid in the grid.
    package let morton: UInt64

    /// A key.
    package init(group: PageGroup, morton: UInt64) {
        self.group = group
        self.morton = morton
    }
}

extension CuboidKey: Comparable {
    /// The order of pages in an index.
    package static func < (left: CuboidKey, right: CuboidKey) -> Bool {
        left.group == right.group ? left.morton < right.morton : left.group < right.group
    }
}

extension CuboidKey {
    static let byteCount = 24

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let channel: UInt32 = try cursor.next()
        let resolution: UInt32 = try cursor.next()
        let time: UInt32 = try cursor.next()
        try cursor.skip(4)
        guard let level = UInt8(exactly: resolution) else { throw cursor.corrupt("resolution \(resolution)") }
        self.init(
            group: PageGroup(channel: channel, resolution: level, time: time), morton: try cursor.next())
    }

    func write(to writer: inout ByteWriter) {
        writer.append(group.channel)
        writer.append(UInt32(group.resolution))
        writer.append(group.time)
        writer.append(UInt32(0))
        writer.append(morton)
    }
}
