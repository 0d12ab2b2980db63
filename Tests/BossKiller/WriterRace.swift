import BossTestSupport
import Foundation

/// Two writers that start at the same time: exactly one may have the database.
struct WriterRace {
    let program: String
    let folder: String

    /// Runs one race, on a database that exists or on one that both would make.
    ///
    /// - Returns: nothing; throws when both or none got it, when the loser's error does not name the winner, or when
    ///   the database is not free once the winner was killed.
    func run(_ path: String, number: Int, using random: inout SeededGenerator) throws(KillFailure) {
        let arguments = [path, "--format", "jsonl"]
        let first = try RunningProgram(program, arguments, errorsPath: "\(folder)/race1.errors")
        if Bool.random(using: &random) { usleep(UInt32.random(in: 0...10_000, using: &random)) }
        let second = try RunningProgram(program, arguments, errorsPath: "\(folder)/race2.errors")
        let statement = "CREATE COLLECTION IF NOT EXISTS race;\n"
        for writer in [first, second] { writer.send(statement) }
        var winners: [RunningProgram] = []
        var losers: [RunningProgram] = []
        for writer in [first, second] {
            switch writer.answer() {
            case .line: winners.append(writer)
            case .end: losers.append(writer)
            case .silence: throw KillFailure("race \(number): a writer said nothing: \(writer.errors)")
            }
        }
        guard let winner = winners.first, let loser = losers.first else {
            throw KillFailure(
                "race \(number): \(winners.count) writers got the database: \(first.errors) \(second.errors)")
        }
        let status = loser.wait()
        guard status == 3, Self.names(loser.errors, winner) else {
            throw KillFailure(
                "race \(number): the process \(winner.identifier) has the database, the other one was refused "
                    + "with \(status.map(String.init) ?? "-"): \(loser.errors)")
        }
        if Bool.random(using: &random) {
            winner.kill()
        } else if let status = winner.quit(), status != 0 {
            throw KillFailure("race \(number): the winner left with \(status): \(winner.errors)")
        }
        let next = try RunningProgram(program, arguments, errorsPath: "\(folder)/race3.errors")
        next.send(statement)
        _ = try next.line()
        guard next.quit() == 0 else { throw KillFailure("race \(number): afterwards: \(next.errors)") }
    }

    /// Whether an error says that this writer has the database.
    static func names(_ errors: String, _ holder: RunningProgram) -> Bool {
        errors.hasPrefix("ERROR 55006: ") && errors.contains("process \(holder.identifier)\n")
    }
}
