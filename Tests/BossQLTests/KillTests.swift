import BossKiller
import Foundation
import Testing

/// The program is killed with SIGKILL while it works, again and again, beside readers and other writers.
///
/// What it acknowledged must be there afterwards, bit for bit; the one statement that was under way must be there as a
/// whole or not at all. `make kills` does the same for as long as one likes. `BOSSQL_KILLS` sets the number of kills,
/// `BOSSQL_SEED` the seed.
@Suite("Kill -9")
struct KillTests {
    @Test("no acknowledged statement is lost and no other one is torn", .timeLimit(.minutes(10)))
    func kills() throws {
        let environment = ProcessInfo.processInfo.environment
        let folder = try TemporaryDirectory()
        var options = KillOptions(program: CommandLineProgram.path, folder: folder.path)
        options.kills = environment["BOSSQL_KILLS"].flatMap { Int($0) } ?? 25
        options.seed = environment["BOSSQL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)
        let trial = try KillTrial(options)
        do { try trial.run() } catch { Issue.record("seed \(options.seed): \(error)") }
        print("kill -9, seed \(options.seed): \(trial.report.text)")
        #expect(trial.report.acknowledged > 0, "seed \(options.seed)")
    }
}
