import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// The oracle is a dictionary of bricks.
@Suite("The engine against a model")
struct EngineModelTests {
    /// Steps of one run; `BOSSQL_OPERATIONS` asks for more in all.
    private static let operationsPerRun: Int = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_OPERATIONS"].flatMap { Int($0) }
        return max(21_000, asked ?? 0) / 12
    }()

    @Test("shows at every moment what a dictionary holds", arguments: UInt64(1)...12)
    func randomWork(_ seed: UInt64) throws {
        let run = try ModelRun(seed: seed)
        do {
            try run.run(operations: Self.operationsPerRun)
        } catch {
            throw TestFailure("seed \(seed), operation \(run.operationCount): \(error)")
        }
        print(
            "operations compared: \(run.operationCount), seed \(seed), commits \(run.commitCount), "
                + "conflicts \(run.conflictCount), reopened \(run.reopenCount)")
        #expect(run.operationCount >= Self.operationsPerRun)
        #expect(run.commitCount > 0 && run.conflictCount > 0 && run.reopenCount > 0)
    }
}
