import BossTestSupport
import Foundation

/// A writer at work, until it is killed.
struct KillSession {
    struct Outcome {
        /// What was acknowledged.
        var before: KillWorld
        /// With the statement that was under way, if that changes anything.
        var after: KillWorld?
        /// The kind of that statement.
        var phase: String
        var acknowledged = 0
        var refusals = 0
        /// Backups that were acknowledged, with what they must hold.
        var backups: [(folder: String, world: KillWorld)] = []
        /// The one that was under way, with what it may hold; nil for what is no database.
        var brokenBackup: (folder: String, worlds: [KillWorld?])?
    }

    private struct Step {
        let text: String
        let kind: String
        /// The action that is complete with this statement.
        let completes: KillAction?
    }

    private let trial: KillTrial
    private var steps: [Step] = []
    private var sentStamp = 0

    init(_ trial: KillTrial) throws(KillFailure) {
        self.trial = trial
        var world = trial.world
        let isLong = Int.random(in: 0..<20, using: &trial.random) == 0
        for _ in 0..<(isLong ? 60 : Int.random(in: 3...14, using: &trial.random)) {
            let action = trial.choice.action(world, folder: trial.options.folder)
            let texts = try action.statements(world, trial.content, trial.options.folder)
            for (index, (text, kind)) in zip(texts, action.kinds).enumerated() {
                steps.append(Step(text: text, kind: kind, completes: index == texts.count - 1 ? action : nil))
            }
            if case .pair(let number, _, let commits) = action, commits { sentStamp = number }
            action.apply(to: &world, trial.content)
        }
    }

    /// Runs the statements and kills the program.
    func run() throws(KillFailure) -> Outcome {
        let program = try trial.start()
        trial.log.begin(steps.map(\.text))
        trial.reader?.willSend(sentStamp)
        program.send(Inspection.marker + "\n" + steps.map { $0.text + "\n" }.joined())
        let (target, delay) = moment()
        var outcome = Outcome(before: trial.world, phase: "opening")
        // The first line says that the program is ready.
        var answered = 0
        var last = ContinuousClock.now
        func take(_ line: String) {
            let now = ContinuousClock.now
            let kind = answered == 0 ? "opening" : steps[answered - 1].kind
            trial.moments.note(kind, seconds: last.duration(to: now) / .seconds(1))
            last = now
            trial.log.answer(line)
            answered += 1
            if answered > 1 { acknowledge(steps[answered - 2], &outcome) }
        }
        while answered < target {
            let line = try program.line()
            take(line)
        }
        if answered > 0, Int.random(in: 0..<6, using: &trial.random) == 0 {
            try expectRefusal(program)
            outcome.refusals += 1
        }
        usleep(trial.moments.delay(delay, using: &trial.random))
        try trial.expectKilled(program)
        // What the program had said before it died was said.
        while case .line(let line) = program.answer() { take(line) }
        try finish(&outcome, answered: answered)
        return outcome
    }

    /// After which answer to kill, and the kind of statement that is then under way.
    private func moment() -> (target: Int, kind: String) {
        let choice = Int.random(in: 0..<100, using: &trial.random)
        if choice < 6 { return (0, "opening") }
        if choice < 14 { return (steps.count + 1, "idle") }
        let long = steps.indices.filter { KillAction.targets.contains(steps[$0].kind) }
        if choice < 65 {
            // Kinds are drawn first, so that rare ones come as often as others.
            let kinds = Set(long.map { steps[$0].kind }).sorted()
            if let kind = kinds.randomElement(using: &trial.random),
                let index = long.filter({ steps[$0].kind == kind }).randomElement(using: &trial.random)
            {
                return (index + 1, kind)
            }
        }
        let index = Int.random(in: steps.indices, using: &trial.random)
        return (index + 1, steps[index].kind)
    }

    private func acknowledge(_ step: Step, _ outcome: inout Outcome) {
        outcome.acknowledged += 1
        guard let action = step.completes else { return }
        if case .backup(let folder, _) = action {
            outcome.backups.removeAll { $0.folder == folder }
            outcome.backups.append((folder, outcome.before))
        }
        action.apply(to: &outcome.before, trial.content)
        if case .pair(let number, _, true) = action { trial.reader?.wasAcknowledged(number) }
    }

    /// What is in doubt.
    private func finish(_ outcome: inout Outcome, answered: Int) throws(KillFailure) {
        trial.log.end(answered: answered)
        for step in steps {
            guard let quote = step.text.firstIndex(of: "'"), step.text.contains(".npy'") else { continue }
            trial.remove(String(step.text[step.text.index(after: quote)...].prefix { $0 != "'" }))
        }
        outcome.phase = answered == 0 ? "opening" : answered > steps.count ? "idle" : steps[answered - 1].kind
        guard answered > 0, answered <= steps.count, let action = steps[answered - 1].completes else {
            return
        }
        if case .backup(let folder, let isIncremental) = action {
            let earlier = outcome.backups.last { $0.folder == folder }?.world ?? trial.backupWorld
            let old = isIncremental ? earlier : nil
            outcome.backups.removeAll { $0.folder == folder }
            outcome.brokenBackup = (folder, [old, outcome.before])
            return
        }
        var after = outcome.before
        action.apply(to: &after, trial.content)
        if after != outcome.before { outcome.after = after }
    }

    /// A second writer must be told who has the database.
    private func expectRefusal(_ holder: RunningProgram) throws(KillFailure) {
        let second = try RunningProgram(
            trial.options.program, [trial.path, "-c", "SHOW COLLECTIONS"],
            errorsPath: trial.options.folder + "/second.errors")
        let status = second.wait()
        guard status == 3, WriterRace.names(second.errors, holder) else {
            throw KillFailure(
                "a second writer beside process \(holder.identifier) ended with "
                    + "\(status.map(String.init) ?? "-"): \(second.errors)")
        }
    }
}

/// How long statements take here, so that a kill falls within them.
struct KillMoments {
    private var seconds: [String: Double] = ["idle": 0.15, "opening": 0.02]

    mutating func note(_ kind: String, seconds new: Double) {
        seconds[kind] = seconds[kind].map { $0 * 0.8 + new * 0.2 } ?? new
    }

    /// Microseconds from the start of a statement.
    func delay(_ kind: String, using random: inout SeededGenerator) -> UInt32 {
        let typical = min(3, max(0.0005, seconds[kind] ?? 0.005))
        return UInt32(Double.random(in: 0...(typical * 1.3), using: &random) * 1_000_000)
    }
}

/// The statements that were sent, and the answers, in a file.
final class KillLog {
    private let file: UnsafeMutablePointer<FILE>

    init(path: String) throws(KillFailure) {
        guard let file = fopen(path, "we") else { throw KillFailure("\(path) cannot be made") }
        self.file = file
    }

    deinit { fclose(file) }

    func begin(_ statements: [String]) {
        write("-- a writer is given\n" + statements.joined(separator: "\n") + "\n-- answers\n")
    }

    func answer(_ line: String) { write(line + "\n") }

    func end(answered: Int) {
        write("-- killed after \(answered) answers, the first of which says that it is ready\n\n")
        fflush(file)
    }

    private func write(_ text: String) { fputs(text, file) }
}
