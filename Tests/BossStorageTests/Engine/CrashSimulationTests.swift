import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Power is cut, or the process killed, at every operation that changes something.
@Suite("Crash simulation of the engine")
struct CrashSimulationTests {
    /// Crashes of one run; `BOSSQL_CRASHES` asks for more.
    static let wantedCount: Int = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_CRASHES"].flatMap { Int($0) }
        return max(5000, asked ?? 0)
    }()
    /// `BOSSQL_SEED` chooses other damage.
    static let seed: UInt64 = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_SEED"].flatMap { UInt64($0) }
        return asked ?? 0xB055
    }()

    @Test(
        "acknowledged commits survive, others are whole or absent, and work goes on",
        arguments: CrashScenario.all)
    func scenario(_ scenario: CrashScenario) throws {
        let share = (Self.wantedCount + CrashScenario.all.count - 1) / CrashScenario.all.count
        var simulation = try CrashSimulation(scenario, seed: Self.seed)
        try simulation.run(crashes: share)
        print(
            "simulated crashes: \(simulation.crashCount), seed \(Self.seed) "
                + "(\(scenario.name), \(simulation.pointCount) operations)")
        #expect(simulation.crashCount >= share)
    }
}

extension CrashScenario: CustomTestStringConvertible {
    /// The name.
    public var testDescription: String { name }
}
