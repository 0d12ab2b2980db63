import BossTestSupport
import Foundation
import Synchronization

/// A process that reads beside the writer all the time, and is killed now and then.
///
/// Every transaction of the pair writes one number into a box of two channels and into the metadata. So both boxes
/// hold one number at any moment, it never becomes smaller, and never was one that nobody wrote.
final class KillReader: Sendable {
    private struct State: Sendable {
        /// Numbers that were sent to the writer.
        var sent: Int
        /// The newest one that was acknowledged.
        var acknowledged: Int
        /// The newest one that was read.
        var seen: Int
        var isStopping = false
        var failure: KillFailure?
        var reads = 0
        var kills = 0
        var waits = 0
        var isRunning = true
    }

    private let program: String
    private let path: String
    private let folder: String
    private let seed: UInt64
    private let state: Mutex<State>

    /// Starts to read.
    init(program: String, path: String, folder: String, seed: UInt64, stamp: Int) {
        (self.program, self.path, self.folder, self.seed) = (program, path, folder, seed)
        state = Mutex(State(sent: stamp, acknowledged: stamp, seen: stamp))
        Thread.detachNewThread { self.run() }
    }

    /// The newest number that a reader has seen: it must not go away.
    var seen: Int { state.withLock { $0.seen } }

    /// Says that a number may appear from now on.
    func willSend(_ number: Int) { state.withLock { $0.sent = max($0.sent, number) } }

    /// Says that a number must be seen from now on.
    func wasAcknowledged(_ number: Int) { state.withLock { $0.acknowledged = max($0.acknowledged, number) } }

    /// Throws what a reader has found.
    func check() throws(KillFailure) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// What was done so far.
    var counts: (reads: Int, kills: Int, waits: Int) { state.withLock { ($0.reads, $0.kills, $0.waits) } }

    /// Ends the process.
    func stop() {
        state.withLock { $0.isStopping = true }
        while state.withLock({ $0.isRunning }) { usleep(500) }
    }

    private func run() {
        var random = SeededGenerator(seed: seed)
        while state.withLock({ !$0.isStopping && $0.failure == nil }) {
            do throws(KillFailure) { try readForAWhile(&random) } catch {
                state.withLock { $0.failure = $0.failure ?? error }
            }
        }
        state.withLock { $0.isRunning = false }
    }

    /// One process, for some rounds.
    private func readForAWhile(_ random: inout SeededGenerator) throws(KillFailure) {
        let reader = try RunningProgram(
            program, [path, "--read-only", "--format", "jsonl"], errorsPath: "\(folder)/reader.errors")
        for _ in 0..<Int.random(in: 1...80, using: &random) {
            if state.withLock({ $0.isStopping }) { break }
            let floor = state.withLock { state in
                (acknowledged: state.acknowledged, seen: max(state.acknowledged, state.seen))
            }
            reader.send(Self.script)
            if Int.random(in: 0..<40, using: &random) == 0 {
                usleep(UInt32.random(in: 0...4_000, using: &random))
                reader.kill()
                state.withLock { $0.kills += 1 }
                return
            }
            guard let lines = try answers(reader, Self.lineCount) else { return }
            try judge(lines, floor)
            if Int.random(in: 0..<12, using: &random) == 0 {
                guard try holdTransaction(reader, &random) else { return }
            }
            usleep(UInt32.random(in: 0...6_000, using: &random))
        }
        if Bool.random(using: &random) {
            reader.kill()
            state.withLock { $0.kills += 1 }
        } else if let status = reader.quit(), status != 0 {
            throw KillFailure("a reader left with \(status): \(reader.errors)")
        }
    }

    /// Reads one state for as long as a second, while the writer goes on and compaction takes files away.
    ///
    /// - Returns: false when the process ended, as it may.
    private func holdTransaction(
        _ reader: RunningProgram, _ random: inout SeededGenerator
    ) throws(KillFailure) -> Bool {
        reader.send("BEGIN READ ONLY;\n" + Self.stamp(KillWorld.pair[0]))
        guard let first = try answers(reader, 2) else { return false }
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            usleep(UInt32.random(in: 0...200_000, using: &random))
            reader.send(Self.stamp(KillWorld.pair[1]) + Self.stamp(KillWorld.pair[0]))
            guard let later = try answers(reader, 2) else { return false }
            guard later[0] == first[1], later[1] == first[1] else {
                throw KillFailure("torn read: a transaction for reading saw \(first[1]), later \(later)")
            }
            state.withLock { $0.reads += 2 }
        }
        reader.send("ROLLBACK;\n")
        return try answers(reader, 1) != nil
    }

    private static func stamp(_ channel: String) -> String {
        "SELECT min, max FROM STATS(\(KillTrial.experiment)/\(channel) \(KillWorld.pairBox));\n"
    }

    private static var script: String {
        let experiment = KillTrial.experiment
        let both = KillWorld.pair.map(stamp).joined()
        return "BEGIN READ ONLY;\n\(both)ROLLBACK;\n\(stamp(KillWorld.pair[1]))"
            + "SHOW METADATA IN \(experiment) LIKE '\(KillWorld.stampKey)';\n"
    }
    private static let lineCount = 6

    /// One line for each statement; nil where the catalog waits for a writer, which a reader cannot help.
    private func answers(
        _ reader: RunningProgram, _ count: Int
    ) throws(KillFailure) -> [[String: Double]]? {
        var answers: [[String: Double]] = []
        while answers.count < count {
            switch reader.answer() {
            case .line(let line): answers.append(try Inspection.row(line).compactMapValues(Inspection.number))
            case .silence: throw KillFailure("a reader said nothing for a minute: \(reader.errors)")
            case .end:
                let status = reader.wait()
                let errors = reader.errors
                guard errors.contains("55006"), errors.contains("open the database for writing once") else {
                    throw KillFailure("a reader ended with \(status.map(String.init) ?? "-"): \(errors)")
                }
                state.withLock { $0.waits += 1 }
                usleep(3_000)
                return nil
            }
        }
        return answers
    }

    private func judge(_ answers: [[String: Double]], _ floor: (acknowledged: Int, seen: Int))
        throws(KillFailure)
    {
        let (left, right, alone, metadata) = (answers[1], answers[2], answers[4], answers[5]["value"])
        guard let first = left["min"], [left["max"], right["min"], right["max"]] == [first, first, first]
        else {
            throw KillFailure("torn read: a reader saw \(left) and \(right) in one transaction")
        }
        guard let second = alone["min"], alone["max"] == second else {
            throw KillFailure("torn read: a reader saw \(alone) in one statement")
        }
        let sent = state.withLock { state in
            state.seen = max(state.seen, Int(second))
            state.reads += Self.lineCount - 2
            return state.sent
        }
        guard Int(first) >= floor.seen, second >= first, Int(second) <= sent else {
            throw KillFailure(
                "a reader saw \(Int(first)), then \(Int(second)); \(floor.seen) had been seen or acknowledged before, "
                    + "the newest that was sent is \(sent)")
        }
        guard let metadata, metadata >= second, Int(metadata) <= sent else {
            throw KillFailure(
                "a reader saw \(Int(second)) in the voxels, then \(metadata.map { "\(Int($0))" } ?? "nothing") "
                    + "in the metadata; \(floor.acknowledged) was acknowledged before")
        }
        state.withLock { $0.seen = max($0.seen, Int(metadata)) }
    }
}
