import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

@Suite("Freshness of levels")
struct LevelFreshnessTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel

    /// 8 x 8 x 2 cuboids at level 0; the isotropic chain begins at level 3.
    init() throws {
        simulated = try SimulatedDatabase()
        channel = try simulated.database.make(
            ChannelPlan(frame: VoxelBox(x: 0..<128, y: 0..<128, z: 0..<16), levels: 5))
    }

    private func set(_ point: VoxelPoint, to value: UInt8, in transaction: Transaction? = nil) throws {
        let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [value])
        try channel.write(voxel, at: point, in: transaction)
    }

    private func freshness(
        _ number: Int, isotropic: Bool = false, _ box: VoxelBox? = nil, view: DatabaseView? = nil
    ) throws -> LevelFreshness {
        let level = try level(number, isotropic: isotropic)
        return try channel.freshness(
            of: CutoutRegion(box: box ?? channel.box(at: level), level: level), view: view)
    }

    private func point(_ x: Int, _ y: Int, _ z: Int) -> VoxelPoint { VoxelPoint(x: x, y: y, z: z) }

    @Test("an empty channel is current at every level, the base level always")
    func empty() throws {
        for number in 0..<5 { #expect(try freshness(number) == .current) }
        try set(point(0, 0, 0), to: 1)
        #expect(try freshness(0) == .current)
    }

    @Test("missing, current, stale where it was written, current again")
    func lifeCycle() throws {
        try set(point(3, 3, 3), to: 1)
        for number in 1..<5 { #expect(try freshness(number) == .missing) }
        #expect(try freshness(4, isotropic: true) == .missing)
        try channel.downsample()
        for number in 1..<5 { #expect(try freshness(number) == .current) }
        for number in 3..<5 { #expect(try freshness(number, isotropic: true) == .current) }
        try set(point(100, 5, 12), to: 2)
        for number in 1..<5 { #expect(try freshness(number) == .stale) }
        #expect(try freshness(3, isotropic: true) == .stale)
        // Level 1 voxel (50, 2, 12) lies above the write; the other half of the level does not.
        #expect(try freshness(1, VoxelBox(x: 50..<51, y: 2..<3, z: 12..<13)) == .stale)
        #expect(try freshness(1, VoxelBox(x: 0..<32, y: 0..<64, z: 0..<16)) == .current)
        #expect(try freshness(1, VoxelBox(x: 32..<64, y: 32..<64, z: 0..<16)) == .current)
        try channel.downsample(box: VoxelBox(x: 96..<112, y: 0..<16, z: 8..<16))
        for number in 1..<5 { #expect(try freshness(number) == .current) }
        try simulated.reopen()
        let reopened = try simulated.database.channel(channel.path)
        let two = try level(2)
        #expect(try reopened.freshness(of: CutoutRegion(box: reopened.box(at: two), level: two)) == .current)
    }

    @Test("an erased region makes its levels stale, and so does an open transaction in its own view")
    func erasedAndPending() throws {
        try set(point(3, 3, 3), to: 1)
        try channel.downsample()
        let transaction = try simulated.database.beginTransaction()
        try set(point(3, 3, 3), to: 7, in: transaction)
        #expect(try freshness(1) == .current)
        #expect(try freshness(1, view: transaction.view) == .stale)
        transaction.rollback()
        let before = try simulated.database.view()
        try channel.erase(CutoutRegion(box: channel.box(at: try level(0))))
        #expect(try freshness(1) == .stale)
        #expect(try freshness(1, view: before) == .current)
        try channel.downsample()
        #expect(try freshness(1) == .current)
    }

    @Test("a deleted region leaves its levels stale when compaction has removed what it held")
    func erasedAndCompacted() throws {
        try simulated.database.setHistoryRetention(microseconds: 0)
        try set(point(3, 3, 3), to: 1)
        try channel.downsample()
        try channel.erase(CutoutRegion(box: channel.box(at: try level(0))))
        try simulated.database.compact()
        try simulated.reopen()
        let reopened = try simulated.database.channel(channel.path)
        let one = try level(1)
        #expect(try reopened.freshness(of: CutoutRegion(box: reopened.box(at: one), level: one)) == .stale)
    }

    @Test("a level is missing in the states before it was built, whatever is compacted")
    func past() throws {
        try set(point(3, 3, 3), to: 1)
        let written = try simulated.database.view().commit
        try channel.downsample()
        let built = try simulated.database.view().commit
        try set(point(3, 3, 3), to: 2)
        let changed = try simulated.database.view().commit
        try channel.downsample()
        for isCompacted in [false, true] {
            if isCompacted { try simulated.database.compact() }
            func freshness(at commit: UInt64, isotropic: Bool = false) throws -> LevelFreshness {
                try self.freshness(
                    isotropic ? 3 : 1, isotropic: isotropic, view: simulated.database.view(.commit(commit)))
            }
            for isotropic in [false, true] {
                #expect(try freshness(at: written, isotropic: isotropic) == .missing)
                #expect(try freshness(at: built, isotropic: isotropic) == .current)
                #expect(try freshness(at: changed, isotropic: isotropic) == .stale)
                #expect(try freshness(at: changed + 1, isotropic: isotropic) == .current)
                // Nothing was there, and that is what a level of it shows.
                #expect(try freshness(at: 0, isotropic: isotropic) == .current)
            }
        }
    }

    @Test("a level made from a stale one is stale")
    func chain() throws {
        try set(point(3, 3, 3), to: 200)
        try channel.downsample()
        try set(point(3, 3, 3), to: 100)
        try channel.downsample(from: 1, to: 2)
        #expect(try freshness(2) == .stale)
        #expect(try freshness(1) == .stale)
        try channel.downsample(to: 1)
        #expect(try freshness(1) == .current)
        #expect(try freshness(2) == .stale)
        try channel.downsample(from: 1, to: 2)
        #expect(try freshness(2) == .current)
        #expect(try freshness(3) == .stale)
    }

    @Test("a rebuilt box does not vouch for the space beside it in the same coarse cuboid")
    func neighbours() throws {
        try set(point(3, 3, 3), to: 1)
        try set(point(40, 3, 3), to: 1)
        try channel.downsample()
        try set(point(3, 3, 3), to: 9)
        try set(point(40, 3, 3), to: 9)
        try channel.downsample(box: VoxelBox(x: 0..<16, y: 0..<16, z: 0..<8))
        // Both voxels lie in cuboid (0, 0, 0) of level 2.
        #expect(try freshness(2, VoxelBox(x: 0..<1, y: 0..<1, z: 3..<4)) == .current)
        #expect(try freshness(2, VoxelBox(x: 10..<11, y: 0..<1, z: 3..<4)) == .stale)
    }

    @Test("a write that commits while levels are built leaves them stale")
    func concurrentWrite() throws {
        try set(point(3, 3, 3), to: 200)
        let (channel, voxel) = (
            channel, try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [100])
        )
        let control = OperationControl { progress in
            // The first level is being committed nowhere yet; the write is.
            if progress.title.hasSuffix("to 1") {
                #expect(throws: Never.self) { try channel.write(voxel, at: VoxelPoint(x: 3, y: 3, z: 3)) }
            }
        }
        do {
            try channel.downsample(control: control)
            let one = try level(1)
            let region = CutoutRegion(box: VoxelBox(x: 1..<2, y: 1..<2, z: 3..<4), level: one)
            let shown = try channel.read(region).bits[0]
            // Mean of 2 x 2 voxels of which one is set.
            #expect(try shown == 25 || channel.freshness(of: region) == .stale, "level 1 shows \(shown)")
        } catch let error as DatabaseError {
            #expect(error.sqlState == "40001")
        }
    }

    // MARK: Levels made from nothing

    @Test("levels that were built when there was nothing are old once something is written, not missing")
    func builtFromNothing() throws {
        let empty = try simulated.database.view()
        try channel.downsample()
        let built = try simulated.database.view()
        for number in 1..<5 { #expect(try freshness(number) == .current) }
        try set(point(100, 5, 12), to: 2)
        for number in 1..<5 { #expect(try freshness(number) == .stale) }
        for number in 3..<5 { #expect(try freshness(number, isotropic: true) == .stale) }
        #expect(try freshness(1, VoxelBox(x: 0..<32, y: 0..<64, z: 0..<16)) == .current)
        let one = try channel.read(CutoutRegion(box: channel.box(at: try level(1)), level: try level(1)))
        #expect(one.bits.allSatisfy { $0 == 0 })
        for state in [empty, built] { #expect(try freshness(1, view: state) == .current) }
        try simulated.database.compact()
        try simulated.reopen()
        let reopened = try simulated.database.channel(channel.path)
        let region = CutoutRegion(box: reopened.box(at: try level(1)), level: try level(1))
        #expect(try reopened.freshness(of: region) == .stale)
        try reopened.downsample()
        #expect(try reopened.freshness(of: region) == .current)
    }

    @Test("levels of voxels that were written and deleted in one commit can be built")
    func writtenAndDeleted() throws {
        let transaction = try simulated.database.beginTransaction()
        try set(point(3, 3, 3), to: 1, in: transaction)
        try channel.erase(CutoutRegion(box: channel.box(at: try level(0))), in: transaction)
        try transaction.commit()
        #expect(try freshness(1) == .missing)
        try channel.downsample()
        for number in 1..<5 { #expect(try freshness(number) == .current) }
        #expect(try freshness(4, isotropic: true) == .current)
    }

    @Test("building a part where there is nothing does not vouch for the rest")
    func partFromNothing() throws {
        try set(point(3, 3, 3), to: 1)
        try channel.downsample(box: VoxelBox(x: 96..<112, y: 96..<112, z: 8..<16))
        for number in 1..<5 { #expect(try freshness(number) == .missing) }
    }

    @Test("time samples that were empty when levels were built are old, whichever of them had data")
    func timeSamples() throws {
        for first in 0..<3 {
            let simulated = try SimulatedDatabase(seed: UInt64(first) + 1)
            let channel = try simulated.database.make(ChannelPlan(times: 3, levels: 3))
            let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [7])
            let place = ChannelPlan().frame.lower
            func freshness(_ time: Range<Int>, _ number: Int) throws -> LevelFreshness {
                let level = try level(number)
                return try channel.freshness(
                    of: CutoutRegion(box: channel.box(at: level), level: level, time: time))
            }
            try channel.write(voxel, at: place, time: first)
            for number in 1..<3 { #expect(try freshness(0..<3, number) == .missing) }
            try channel.downsample()
            for number in 1..<3 { #expect(try freshness(0..<3, number) == .current) }
            let second = (first + 1) % 3
            try channel.write(voxel, at: place, time: second)
            for number in 1..<3 {
                #expect(try freshness(0..<3, number) == .stale, "data in \(first), then in \(second)")
                #expect(try freshness(second..<second + 1, number) == .stale)
                #expect(try freshness(first..<first + 1, number) == .current)
            }
            try channel.downsample()
            for number in 1..<3 { #expect(try freshness(0..<3, number) == .current) }
        }
    }
}
