import BossStorage

/// What the database should hold, as a plain dictionary.
struct ModelState: Hashable, Sendable {
    struct Cuboid: Hashable, Sendable {
        var contents: CuboidContents
        /// Commit of the newest version.
        var sequence: UInt64
        /// Deltas since the newest version that is none.
        var deltaCount: Int
    }

    /// Every cuboid with a version; deleted ones too.
    private(set) var cuboids: [CuboidKey: Cuboid] = [:]
    private(set) var droppedChannels: Set<UInt32> = []
    /// Boxes that were deleted, oldest first.
    private(set) var deletions: [ModelDeletion] = []

    /// The bricks of a cuboid, background where nothing was written.
    func contents(of key: CuboidKey) -> CuboidContents {
        cuboids[key]?.contents ?? CuboidContents(repeating: .background)
    }

    mutating func apply(_ key: CuboidKey, _ change: PageChange, sequence: UInt64 = 0) {
        var contents = contents(of: key)
        var deltaCount = 0
        switch change {
        case .full(let new): contents = CuboidContents(new)
        case .delta(let new):
            for (brick, content) in new { contents[brick] = content }
            deltaCount = (cuboids[key]?.deltaCount ?? 0) + 1
        case .constant(let value): contents = CuboidContents(repeating: .constant(value))
        case .tombstone: contents = CuboidContents(repeating: .background)
        }
        cuboids[key] = Cuboid(contents: contents, sequence: sequence, deltaCount: deltaCount)
    }

    mutating func drop(channel: UInt32) {
        cuboids = cuboids.filter { $0.key.group.channel != channel }
        deletions.removeAll { $0.box.group.channel == channel }
        droppedChannels.insert(channel)
    }

    /// Every cuboid of a box becomes what was never written.
    mutating func delete(_ box: ModelBox, sequence: UInt64 = 0) {
        for key in cuboids.keys where box.contains(key) {
            apply(key, .tombstone, sequence: sequence)
        }
        deletions.append(ModelDeletion(box: box, sequence: sequence))
    }

    /// Commits that a cuboid without any version may be said to be of: those that deleted boxes around it.
    func deletions(of key: CuboidKey) -> [UInt64] {
        deletions.filter { $0.box.contains(key) }.map(\.sequence)
    }

    /// What an older state shows once channels are dropped.
    func without(channels: Set<UInt32>) -> ModelState {
        var state = self
        for channel in channels { state.drop(channel: channel) }
        return state
    }

    /// Whether both hold the same voxels at some keys.
    func agrees(with other: ModelState, at keys: some Sequence<CuboidKey>) -> Bool {
        keys.allSatisfy { contents(of: $0) == other.contents(of: $0) }
    }
}

/// The bricks of one cuboid, in place: states are copied at every commit.
struct CuboidContents: Hashable, Sendable {
    private var numbers: SIMD4<UInt32>

    init(repeating content: BrickContent) { numbers = SIMD4(repeating: content.number) }

    /// - Precondition: as many contents as a cuboid has bricks.
    init(_ contents: [BrickContent]) {
        precondition(contents.count == PageChange.brickCount)
        numbers = SIMD4(contents[0].number, contents[1].number, contents[2].number, contents[3].number)
    }
}

extension CuboidContents: RandomAccessCollection, MutableCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { PageChange.brickCount }

    subscript(brick: Int) -> BrickContent {
        get { BrickContent(number: numbers[brick]) }
        set { numbers[brick] = newValue.number }
    }
}

/// A test found something wrong; the text says what and how to repeat it.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether it is an error of the engine without reason, and not a wrong answer.
    let isError: Bool

    init(_ description: String, isError: Bool = false) {
        self.description = description
        self.isError = isError
    }
}

extension CuboidKey {
    /// A key for tests.
    init(_ channel: UInt32, _ morton: UInt64, time: UInt32 = 0) {
        self.init(group: PageGroup(channel: channel, resolution: 0, time: time), morton: morton)
    }
}
