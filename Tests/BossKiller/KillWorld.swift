/// What the database must hold: arrays and dictionaries, without a word of the engine.
struct KillWorld: Equatable {
    struct Channel: Equatable {
        /// Never used twice, also when a name is.
        let identity: Int
        /// INTEGER type of the voxels, such as UINT16.
        var typeName: String { "UINT\(voxels.width * 8)" }
        var voxels: KillVoxels
        /// Level 1, nil when it was never made.
        var coarse: [UInt8]?

        init(identity: Int, width: Int) {
            self.identity = identity
            voxels = KillVoxels(width: width)
        }
    }

    /// By name.
    var channels: [String: Channel] = [:]
    /// Of the experiment.
    var metadata: [String: Int] = [:]
    /// Level 0 of channels by their identity; a channel that is not named was background then.
    var snapshots: [String: [Int: KillVoxels]] = [:]

    /// Number of the last transaction that wrote both `left` and `right`.
    var stamp: Int { metadata[Self.stampKey] ?? 0 }

    static let stampKey = "stamp"
    /// The channels that every such transaction writes, one number into the same box of both.
    static let pair = ["left", "right"]
    static let pairBox = KillBox(x: 40..<90, y: 33..<100, z: 10..<40)
    static let pairWidth = 2

    /// What the channel held in a snapshot.
    func voxels(of channel: Channel, in snapshot: String) -> KillVoxels {
        snapshots[snapshot]?[channel.identity] ?? KillVoxels(width: channel.voxels.width)
    }

    mutating func dropChannel(_ name: String) {
        guard let channel = channels.removeValue(forKey: name) else { return }
        for snapshot in snapshots.keys { snapshots[snapshot]?[channel.identity] = nil }
    }

    mutating func createSnapshot(_ name: String) {
        let all = channels.values.map { ($0.identity, $0.voxels) }
        snapshots[name] = Dictionary(uniqueKeysWithValues: all)
    }

    /// Channels whose level 1 can be read.
    var downsampled: Set<String> { Set(channels.filter { $0.value.coarse != nil }.keys) }

    /// Compares with what was found.
    ///
    /// - Returns: nil when all of it is the same, else the first difference.
    func difference(from found: Inspection) -> String? {
        if found.channels != Set(channels.keys) {
            return "the channels are \(found.channels.sorted()), not \(channels.keys.sorted())"
        }
        if found.metadata != metadata { return "the metadata are \(found.metadata), not \(metadata)" }
        if found.snapshots != Set(snapshots.keys) {
            return "the snapshots are \(found.snapshots.sorted()), not \(snapshots.keys.sorted())"
        }
        for (path, bytes) in found.contents.sorted(by: { $0.key.text < $1.key.text }) {
            guard let expected = expected(path) else { return "\(path.text) was read, but does not exist" }
            if let difference = Self.difference(bytes, expected.bytes, width: expected.width, path) {
                return difference
            }
        }
        return nil
    }

    /// The bytes that a path must have.
    func expected(_ path: Inspection.Path) -> (bytes: [UInt8], width: Int)? {
        guard let channel = channels[path.channel] else { return nil }
        let width = channel.voxels.width
        if path.isCoarse { return channel.coarse.map { ($0, width) } }
        guard let snapshot = path.snapshot else { return (channel.voxels.bytes, width) }
        return (voxels(of: channel, in: snapshot).bytes, width)
    }

    private static func difference(
        _ found: [UInt8], _ expected: [UInt8], width: Int, _ path: Inspection.Path
    ) -> String? {
        guard found != expected else { return nil }
        guard found.count == expected.count else {
            return "\(path.text) has \(found.count) bytes, not \(expected.count)"
        }
        let wrong = found.indices.filter { found[$0] != expected[$0] }.map { $0 / width }
        guard let first = wrong.first, let last = wrong.last else { return nil }
        let columns = path.isCoarse ? KillBox.whole.x.count / 2 : KillBox.whole.x.count
        let rows = path.isCoarse ? KillBox.whole.y.count / 2 : KillBox.whole.y.count
        func place(_ voxel: Int) -> String {
            "(\(voxel % columns), \(voxel / columns % rows), \(voxel / columns / rows))"
        }
        let value = { (bytes: [UInt8]) in Array(bytes[(first * width)..<((first + 1) * width)]) }
        return "\(path.text): \(Set(wrong).count) voxels differ, from \(place(first)) to \(place(last)); "
            + "the first is \(value(found)), not \(value(expected))"
    }
}
