import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossStorage

/// Labels after a change of some bricks, against counting every voxel again.
@Suite("Revised labels")
struct LabelRevisionTests {
    private static let seed: UInt64 = 0x1ABE_15
    private static let brick = VoxelExtent(x: 4, y: 3, z: 2)
    private static let bricks = VoxelExtent(x: 2, y: 2, z: 2)

    /// The voxels of a cuboid's bricks, each x fastest; 0 is no label.
    private typealias Bricks = [[UInt64]]

    private static func origin(_ brick: Int) -> VoxelPoint {
        VoxelPoint(
            x: brick % bricks.x * Self.brick.x, y: brick / bricks.x % bricks.y * Self.brick.y,
            z: brick / (bricks.x * bricks.y) * Self.brick.z)
    }

    /// Counts the labels of some bricks voxel by voxel.
    private static func count(_ bricks: Bricks, where isWanted: (Int) -> Bool = { _ in true }) -> [PageLabel]
    {
        var labels: [UInt64: PageLabel] = [:]
        for (number, voxels) in bricks.enumerated() where isWanted(number) {
            let start = origin(number)
            for (position, id) in voxels.enumerated() where id != 0 {
                let place = VoxelPoint(
                    x: start.x + position % brick.x, y: start.y + position / brick.x % brick.y,
                    z: start.z + position / (brick.x * brick.y))
                let voxel = PageLabel.filling(
                    VoxelBox(origin: place, extent: VoxelExtent(x: 1, y: 1, z: 1)), with: id)
                labels[id, default: .gone(id)].add(voxel)
            }
        }
        return labels.values.sorted { $0.id < $1.id }
    }

    private static func fill(_ random: inout SeededGenerator) -> [UInt64] {
        let count = brick.voxelCount
        switch random.below(3) {
        case 0: return Array(repeating: UInt64(random.below(4)), count: count)
        case 1: return (0..<count).map { _ in UInt64(random.below(5)) }
        default:
            var voxels = Array(repeating: UInt64(0), count: count)
            voxels[random.below(count)] = UInt64.max - UInt64(random.below(2))
            return voxels
        }
    }

    @Test("are those of the voxels, and other bricks are only asked where a box is in doubt")
    func random() throws {
        var random = SeededGenerator(seed: Self.seed)
        var asked = 0
        for round in 0..<2000 {
            var bricks = (0..<Self.bricks.voxelCount).map { _ in Self.fill(&random) }
            let listed = Set((0..<Self.bricks.voxelCount).filter { _ in random.chance(40) })
            let (old, removed) = (Self.count(bricks), Self.count(bricks) { listed.contains($0) })
            for brick in listed where random.chance(80) { bricks[brick] = Self.fill(&random) }
            let added = Self.count(bricks) { listed.contains($0) }
            let revised = LabelRevision.revise(old, removing: removed, adding: added) {
                asked += 1
                return Self.count(bricks) { !listed.contains($0) }
            }
            #expect(revised == Self.count(bricks), "seed \(Self.seed), round \(round)")
        }
        #expect(asked > 100 && asked < 1900, "asked \(asked) times")
    }

    @Test("are not known where the other bricks are not")
    func unknown() {
        let box = VoxelBox(x: 0..<4, y: 0..<3, z: 0..<2)
        let (old, removed) = ([PageLabel.filling(box, with: 7)], [PageLabel.filling(box, with: 7)])
        #expect(LabelRevision.revise(old, removing: removed, adding: []) { nil } == [])
        let wide = PageLabel.filling(VoxelBox(x: 0..<8, y: 0..<3, z: 0..<2), with: 7)
        #expect(LabelRevision.revise([wide], removing: removed, adding: []) { nil } == nil)
        #expect(LabelRevision.revise([], removing: removed, adding: []) { nil } == nil, "never there")
    }

    @Test("of stored labels that lie are unknown, or such as can be stored and read again")
    func lies() throws {
        var random = SeededGenerator(seed: Self.seed ^ 1)
        var outcomes = (known: 0, unknown: 0)
        for round in 0..<20_000 {
            let bricks = (0..<Self.bricks.voxelCount).map { _ in Self.fill(&random) }
            let listed = Set((0..<Self.bricks.voxelCount).filter { _ in random.chance(40) })
            let new = (0..<Self.bricks.voxelCount).map { _ in Self.fill(&random) }
            let old = Self.count(bricks).map { random.lie($0) }
            let revised = LabelRevision.revise(
                old, removing: Self.count(bricks) { listed.contains($0) },
                adding: Self.count(new) { listed.contains($0) }
            ) { Self.count(bricks) { !listed.contains($0) } }
            guard let revised else {
                outcomes.unknown += 1
                continue
            }
            outcomes.known += 1
            for label in revised {
                var bytes: [UInt8] = []
                LabelCoding.write(label, to: &bytes)
                let read = try bytes.withUnsafeBytes { bytes in
                    var reader = LEB128.Reader(bytes, file: "x", base: 0)
                    return try LabelCoding.read(id: label.id, &reader)
                }
                #expect(read == .label(label), "seed \(Self.seed), round \(round)")
            }
        }
        #expect(outcomes.known > 1000 && outcomes.unknown > 1000, "\(outcomes)")
    }
}

extension SeededGenerator {
    fileprivate mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    fileprivate mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// Another label of the same ID, one that a reader takes for possible.
    fileprivate mutating func lie(_ label: PageLabel) -> PageLabel {
        guard chance(30) else { return label }
        func edge(_ limit: Int, _ random: inout SeededGenerator) -> Range<UInt16> {
            let lower = UInt16(random.below(limit))
            return lower..<lower + 1 + UInt16(random.below(limit - Int(lower)))
        }
        let limit = chance(20) ? 4096 : 8
        let (x, y, z) = (edge(limit, &self), edge(limit, &self), edge(limit, &self))
        let room = UInt64(x.count) * UInt64(y.count) * UInt64(z.count)
        let count = 1 + next() % min(room, 1 << 32)
        func sum(_ range: Range<UInt16>, _ random: inout SeededGenerator) -> UInt64 {
            UInt64(range.lowerBound) * count + random.next() % (UInt64(range.count - 1) * count + 1)
        }
        let lie = PageLabel(
            id: label.id, voxelCount: count, sumX: sum(x, &self), sumY: sum(y, &self), sumZ: sum(z, &self),
            lower: SIMD3(x.lowerBound, y.lowerBound, z.lowerBound),
            upper: SIMD3(x.upperBound, y.upperBound, z.upperBound))
        precondition(lie.isPossible)
        return lie
    }
}
