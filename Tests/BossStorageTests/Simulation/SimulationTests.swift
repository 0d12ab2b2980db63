import Foundation
import Testing

@testable import BossSimulator

/// Random work, crashes and failures; the oracle is a dictionary of bricks.
@Suite("Simulation of the engine")
struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// `BOSSQL_SEED` chooses other runs.
    private static let seed = environment["BOSSQL_SEED"].flatMap { UInt64($0) } ?? 0xB055
    /// `BOSSQL_RUNS` asks for more.
    private static let runCount = environment["BOSSQL_RUNS"].flatMap { Int($0) } ?? 0
    private static let operationCount = 20_000
    private static let partCount = 8

    @Test("shows at every moment what a dictionary holds, whatever fails", arguments: 0..<partCount)
    func randomWork(_ part: Int) throws {
        var done = SimulationStatistics()
        var seed = Self.seed &+ UInt64(part)
        while done.operations * Self.partCount < Self.operationCount
            || done.runs * Self.partCount < Self.runCount
        {
            let simulation = Simulation(seed: seed)
            try simulation.run()
            done += simulation.statistics
            seed &+= UInt64(Self.partCount)
        }
        print(
            "operations compared: \(done.operations) in \(done.runs) runs from seed \(Self.seed &+ UInt64(part)), "
                + "commits \(done.commits), conflicts \(done.conflicts), simulated crashes: \(done.crashes), "
                + "kills \(done.kills), failures \(done.faultCount), "
                + "bits flipped \(done.flipsDetected + done.flipsHarmless)")
        #expect(done.commits > 0 && done.crashes > 0)
    }

    /// Runs that have failed once, by what was wrong.
    private static let regressions: [UInt64: String] = [
        2: "a delta over a box that the same commit deleted was hidden",
        155: "counts of segments in merged shards were lost by the next open",
        1012: "counts of segments in shards were lost by the next open",
        1018: "a deletion that a compaction wrote out was counted twice",
        1138: "a shard that lost its first segment hid the shards behind it",
        1_000_916: "the lease of a closed reader ended while views of its newest state were held",
        901_951: "a lease that names an older root than its reader goes by kept the database from opening",
    ]

    @Test("does what once failed", arguments: regressions.keys.sorted())
    func regression(_ seed: UInt64) throws {
        try Simulation(seed: seed).run()
    }

    /// Files are compared byte by byte, and so is what was done.
    @Test("does the same again with the same seed, down to the bytes of all files", arguments: UInt64(1)...4)
    func repetition(_ seed: UInt64) throws {
        let runs = try (0..<2).map { _ in
            let simulation = Simulation(seed: Self.seed &+ seed)
            try simulation.run()
            return simulation
        }
        #expect(runs[0].fileDifference(from: runs[1]) == nil, "seed \(Self.seed &+ seed)")
        #expect(runs[0].fileDigest == runs[1].fileDigest)
        #expect(runs[0].journal.lines == runs[1].journal.lines, "seed \(Self.seed &+ seed)")
        let counts = runs.map { [$0.statistics.commits, $0.statistics.crashes, $0.statistics.faultCount] }
        #expect(counts[0] == counts[1], "seed \(Self.seed &+ seed)")
    }

    @Test(
        "holds the same voxels whatever the sizes of logs, files and caches", arguments: UInt64(1)...8)
    func sizes(_ seed: UInt64) throws {
        var digests: Set<UInt64> = []
        for variant in 0..<UInt64(4) {
            let own = Simulation(seed: Self.seed &+ seed, isCalm: true, operationCount: 120)
            let sizes = SimulationSizes(seed: variant &* 77, brickByteCount: own.brickByteCount)
            let simulation =
                variant == 0
                ? own
                : Simulation(seed: Self.seed &+ seed, sizes: sizes, isCalm: true, operationCount: 120)
            try simulation.run()
            digests.insert(try simulation.contentDigest())
        }
        #expect(digests.count == 1, "seed \(Self.seed &+ seed)")
    }

    /// A run that fails, made by looking for what is not there.
    @Test("a failure names the seed, the operation and what was done before, and is made shorter")
    func failure() throws {
        let failure = SimulationFailure(
            seed: 5, operation: 7, reason: "wrong", journal: ["6 commit", "7 kill"], configuration: "small")
        #expect(failure.description.contains("seed 5, operation 7: wrong"))
        #expect(failure.description.contains("7 kill"))
        // The seed does not fail, which is said.
        #expect(Simulation.shrunk(failure, attempts: 3) == nil)
    }
}
