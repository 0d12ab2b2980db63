import BossTestSupport
import Foundation

/// What is to be tried.
package struct KillOptions: Sendable {
    /// The program `bossql`.
    package var program: String
    /// Where databases are made; it must exist.
    package var folder: String
    package var seed: UInt64 = 1
    package var kills = 30
    package var races = 10
    /// A new database after so many kills.
    package var killsPerDatabase = 100

    package init(program: String, folder: String) { (self.program, self.folder) = (program, folder) }
}

/// The real program, killed with SIGKILL at work again and again, beside readers; after each kill all that it has
/// acknowledged is compared with plain arrays.
///
/// The seed decides what is written. When a kill comes is drawn from it too, but no clock repeats itself.
package final class KillTrial {
    static let collection = "kill"
    static let experiment = "kill/nine"

    let options: KillOptions
    let content: KillContent
    let log: KillLog
    var random: SeededGenerator
    var choice: KillChoice
    var moments = KillMoments()
    /// What was acknowledged, on the present database.
    var world = KillWorld()
    var path = ""
    var reader: KillReader?
    /// What the last backup holds; nil when it was cut off and is no database.
    var backupWorld: KillWorld?
    var tally = KillReport()

    /// What was done so far.
    package var report: KillReport {
        var report = tally
        if let reader { report.add(reader.counts) }
        return report
    }

    package init(_ options: KillOptions) throws(KillFailure) {
        self.options = options
        content = KillContent(seed: options.seed)
        random = SeededGenerator(seed: options.seed)
        choice = KillChoice(seed: options.seed &+ 1)
        log = try KillLog(path: options.folder + "/receipts.log")
    }

    deinit { reader?.stop() }

    /// Kills until it is enough.
    ///
    /// - Parameters:
    ///   - progress: called after every kill.
    ///   - isInterrupted: asked before every one.
    /// - Throws: the first promise that was broken; the folder then holds the database, as it was when the writer was
    ///   killed (`killed.bossdb`) and as it is now, and all statements with their answers (`receipts.log`).
    package func run(
        progress: (KillReport) -> Void = { _ in }, isInterrupted: () -> Bool = { false }
    ) throws(KillFailure) {
        try runRaces(isInterrupted)
        while tally.kills < options.kills, !isInterrupted() {
            do throws(KillFailure) {
                if tally.kills % options.killsPerDatabase == 0 { try beginDatabase() }
                try runRound()
            } catch {
                throw KillFailure("kill \(tally.kills), \(path): \(error.description)")
            }
            progress(report)
        }
        if reader != nil { try endDatabase() }
    }

    private func runRaces(_ isInterrupted: () -> Bool) throws(KillFailure) {
        let race = WriterRace(program: options.program, folder: options.folder)
        for number in 0..<options.races where !isInterrupted() {
            // Every other one makes the database.
            try race.run("\(options.folder)/race\(number / 4).bossdb", number: number, using: &random)
            tally.races += 1
            if number % 4 == 3 { remove("\(options.folder)/race\(number / 4).bossdb") }
        }
    }

    // MARK: A round

    private func runRound() throws(KillFailure) {
        let session = try KillSession(self)
        let outcome = try session.run()
        count(outcome)
        remove(options.folder + "/killed.bossdb")
        try copy(path, options.folder + "/killed.bossdb")
        try killRecoveries()
        // A transaction that a reader has seen must be there; so must one that a reader finds before the repair.
        var possible = [outcome.before] + (outcome.after.map { [$0] } ?? [])
        if Int.random(in: 0..<4, using: &random) == 0 { try narrow(&possible) }
        try verify(&possible)
        guard let found = possible.first else { return }
        if outcome.after != nil {
            if found == outcome.before { tally.absent += 1 } else { tally.present += 1 }
        }
        world = found
        try reader?.check()
        if world.stamp < reader?.seen ?? 0 {
            throw KillFailure("lost: readers had seen \(reader?.seen ?? 0), the database has \(world.stamp)")
        }
        try verifyBackups(outcome)
    }

    private func count(_ outcome: KillSession.Outcome) {
        tally.kills += 1
        tally.acknowledged += outcome.acknowledged
        tally.phases[outcome.phase, default: 0] += 1
        tally.refusals += outcome.refusals
    }

    /// Starts the program and kills it before it is ready, up to three times.
    private func killRecoveries() throws(KillFailure) {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let program = try start()
            program.send(Inspection.marker + "\n")
            usleep(moments.delay("opening", using: &random))
            try expectKilled(program)
            tally.recoveryKills += 1
        }
    }

    /// A reader looks at what the dead writer has left. What it shows must stay.
    private func narrow(_ possible: inout [KillWorld]) throws(KillFailure) {
        let program = try start(isReadOnly: true)
        program.send(Inspection.marker + "\n")
        guard case .line = program.answer() else {
            let errors = program.errors
            guard errors.contains("55006"), errors.contains("open the database for writing once") else {
                throw KillFailure("failed open of a reader: \(errors)")
            }
            tally.waits += 1
            return
        }
        let found = try Inspection(
            program, depth, folder: options.folder, downsampled: Self.downsampled(possible))
        guard program.quit() == 0 else {
            throw KillFailure("a reader ended with an error: \(program.errors)")
        }
        let index = try index(of: found, in: possible, "before the repair a reader finds")
        possible.removeSubrange(..<index)
    }

    /// Opens the database for writing and compares everything.
    private func verify(_ possible: inout [KillWorld]) throws(KillFailure) {
        let start = ContinuousClock.now
        let program = try self.start()
        program.send(Inspection.marker + "\n")
        do throws(KillFailure) { _ = try program.line() } catch {
            throw KillFailure("failed open: \(error)")
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        moments.note("opening", seconds: seconds)
        tally.longestReadySeconds = max(tally.longestReadySeconds, seconds)
        let isFull = tally.kills % 10 == 0
        let found = try Inspection(
            program, isFull ? .everything : depth, check: isFull ? "CHECK FULL;" : "CHECK QUICK;",
            folder: options.folder, downsampled: Self.downsampled(possible))
        tally.comparedBytes += found.contents.values.reduce(0) { $0 + $1.count }
        if isFull { tally.fullChecks += 1 } else { tally.quickChecks += 1 }
        let index = try index(of: found, in: possible, "afterwards the database has")
        possible = [possible[index]]
        try judge(found, "the database")
        if Bool.random(using: &random) { return try expectKilled(program) }
        guard program.quit() == 0 else { throw KillFailure("it cannot be closed: \(program.errors)") }
    }

    /// What CHECK says.
    func judge(_ found: Inspection, _ name: String) throws(KillFailure) {
        guard found.findings.isEmpty else { throw KillFailure("\(name) is damaged: \(found.findings)") }
        tally.warnings += found.warnings.count
        if let warning = found.warnings.last { tally.lastWarning = "\(name): \(warning)" }
    }

    /// Which of the possible worlds was found.
    func index(of found: Inspection, in possible: [KillWorld], _ place: String) throws(KillFailure) -> Int {
        var differences: [String] = []
        for (index, world) in possible.enumerated() {
            guard let difference = world.difference(from: found) else { return index }
            differences.append(difference)
        }
        let names = ["without the statement under way", "with it"].suffix(2)
        let text = zip(names, differences).map { "\($0): \($1)" }.joined(separator: "; ")
        throw KillFailure("lost or torn: \(place) something else; \(text)")
    }

    /// Channels whose level 1 can be read whatever happened.
    static func downsampled(_ worlds: [KillWorld]) -> Set<String> {
        worlds.dropFirst().reduce(worlds.first?.downsampled ?? []) { $0.intersection($1.downsampled) }
    }

    private var depth: Inspection.Depth { .oneSnapshot(tally.kills) }

    // MARK: Processes and files

    func start(isReadOnly: Bool = false) throws(KillFailure) -> RunningProgram {
        try RunningProgram(
            options.program, [path, "--format", "jsonl"] + (isReadOnly ? ["--read-only"] : []),
            errorsPath: options.folder + (isReadOnly ? "/narrow.errors" : "/writer.errors"))
    }

    /// Kills a program, which must have been alive and without complaint.
    func expectKilled(_ program: RunningProgram) throws(KillFailure) {
        let status = program.kill()
        guard status == 128 + SIGKILL else {
            throw KillFailure("the program ended by itself, with \(status ?? -1): \(program.errors)")
        }
        guard !program.errors.contains("ERROR") else {
            throw KillFailure("a writer failed: \(program.errors)")
        }
    }

    func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)  // most often there is none
    }

    private func copy(_ path: String, _ copy: String) throws(KillFailure) {
        // A reader may be removing its lease meanwhile; `cp` goes on.
        let program = try RunningProgram(
            "/bin/cp", ["-a", path, copy], errorsPath: options.folder + "/copy.errors")
        _ = program.wait()
    }
}
