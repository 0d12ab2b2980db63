@testable import BossStorage

/// What the database should hold, as a plain dictionary.
struct ModelState: Hashable, Sendable {
    struct Cuboid: Hashable, Sendable {
        var contents: [BrickContent]
        /// Commit of the newest version.
        var sequence: UInt64
        /// Deltas since the newest version that is none.
        var deltaCount: Int
    }

    /// Every cuboid with a version; deleted ones too.
    private(set) var cuboids: [CuboidKey: Cuboid] = [:]

    /// The bricks of a cuboid, background where nothing was written.
    func contents(of key: CuboidKey) -> [BrickContent] {
        cuboids[key]?.contents ?? Array(repeating: .background, count: PageChange.brickCount)
    }

    mutating func apply(_ key: CuboidKey, _ change: PageChange, sequence: UInt64 = 0) {
        var contents = contents(of: key)
        var deltaCount = 0
        switch change {
        case .full(let new): contents = new
        case .delta(let new):
            for (brick, content) in new { contents[brick] = content }
            deltaCount = (cuboids[key]?.deltaCount ?? 0) + 1
        case .constant(let value): contents = Array(repeating: .constant(value), count: contents.count)
        case .tombstone: contents = Array(repeating: .background, count: contents.count)
        }
        cuboids[key] = Cuboid(contents: contents, sequence: sequence, deltaCount: deltaCount)
    }

    mutating func drop(channel: UInt32) {
        cuboids = cuboids.filter { $0.key.group.channel != channel }
    }

    /// Whether both hold the same voxels at some keys.
    func agrees(with other: ModelState, at keys: some Sequence<CuboidKey>) -> Bool {
        keys.allSatisfy { contents(of: $0) == other.contents(of: $0) }
    }
}

/// A test found something wrong; the text says what and how to repeat it.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension CuboidKey {
    /// A key for tests.
    init(_ channel: UInt32, _ morton: UInt64, time: UInt32 = 0) {
        self.init(group: PageGroup(channel: channel, resolution: 0, time: time), morton: morton)
    }
}
