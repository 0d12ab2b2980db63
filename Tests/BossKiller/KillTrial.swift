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
    package private(set) var report = KillReport()

    package init(_ options: KillOptions) throws(KillFailure) {
        self.options = options
        content = KillContent(seed: options.seed)
        random = SeededGenerator(seed: options.seed)
        choice = KillChoice(seed: options.seed &+ 1)
        log = try KillLog(path: options.folder + "/receipts.log")
    }

    deinit { _ = reader?.stop() }

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
        while report.kills < options.kills, !isInterrupted() {
            do throws(KillFailure) {
                if report.kills % options.killsPerDatabase == 0 { try beginDatabase() }
                try runRound()
            } catch {
                throw KillFailure("kill \(report.kills), \(path): \(error.description)")
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
            report.races += 1
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
        if outcome.after != nil { if found == outcome.before { report.absent += 1 } else { report.present += 1 } }
        world = found
        try reader?.check()
        if world.stamp < reader?.seen ?? 0 {
            throw KillFailure("lost: readers had seen \(reader?.seen ?? 0), the database has \(world.stamp)")
        }
        try verifyBackups(outcome)
    }

    private func count(_ outcome: KillSession.Outcome) {
        report.kills += 1
        report.acknowledged += outcome.acknowledged
        report.phases[outcome.phase, default: 0] += 1
        report.refusals += outcome.refusals
    }

    /// Starts the program and kills it before it is ready, up to three times.
    private func killRecoveries() throws(KillFailure) {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let program = try start()
            program.send(Inspection.marker + "\n")
            usleep(moments.delay("opening", using: &random))
            try expectKilled(program)
            report.recoveryKills += 1
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
            report.waits += 1
            return
        }
        let found = try Inspection(
            program, depth, folder: options.folder, downsampled: Self.downsampled(possible))
        guard program.quit() == 0 else { throw KillFailure("a reader ended with an error: \(program.errors)") }
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
        report.longestReadySeconds = max(report.longestReadySeconds, seconds)
        let isFull = report.kills % 10 == 0
        let found = try Inspection(
            program, isFull ? .everything : depth, check: isFull ? "CHECK FULL;" : "CHECK QUICK;",
            folder: options.folder, downsampled: Self.downsampled(possible))
        report.comparedBytes += found.contents.values.reduce(0) { $0 + $1.count }
        if isFull { report.fullChecks += 1 } else { report.quickChecks += 1 }
        let index = try index(of: found, in: possible, "afterwards the database has")
        possible = [possible[index]]
        try judge(found, "the database")
        if Bool.random(using: &random) { return try expectKilled(program) }
        guard program.quit() == 0 else { throw KillFailure("it cannot be closed: \(program.errors)") }
    }

    /// What CHECK says.
    private func judge(_ found: Inspection, _ name: String) throws(KillFailure) {
        guard found.findings.isEmpty else { throw KillFailure("\(name) is damaged: \(found.findings)") }
        report.warnings += found.warnings.count
        if let warning = found.warnings.last { report.lastWarning = "\(name): \(warning)" }
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
    private static func downsampled(_ worlds: [KillWorld]) -> Set<String> {
        worlds.dropFirst().reduce(worlds.first?.downsampled ?? []) { $0.intersection($1.downsampled) }
    }

    private var depth: Inspection.Depth { .oneSnapshot(report.kills) }

    // MARK: Backups

    private func verifyBackups(_ outcome: KillSession.Outcome) throws(KillFailure) {
        for backup in outcome.backups {
            _ = try verifyBackup(backup.folder, [backup.world])
            report.backups += 1
            keep(backup.folder, backup.world)
        }
        guard let broken = outcome.brokenBackup else { return }
        report.brokenBackups += 1
        keep(broken.folder, try verifyBackup(broken.folder, broken.worlds))
    }

    /// The next incremental backup goes there.
    private func keep(_ folder: String, _ world: KillWorld?) {
        if choice.lastBackup != folder, let old = choice.lastBackup { remove(old) }
        choice.lastBackup = folder
        backupWorld = world
    }

    /// - Parameter worlds: what it may hold; nil for what is no database yet.
    /// - Returns: the one that it holds.
    private func verifyBackup(_ folder: String, _ worlds: [KillWorld?]) throws(KillFailure) -> KillWorld? {
        let program = try RunningProgram(
            options.program, [folder, "--read-only", "--format", "jsonl"],
            errorsPath: options.folder + "/backup.errors")
        program.send(Inspection.marker + "\n")
        guard case .line = program.answer() else {
            if worlds.contains(where: { $0 == nil }), program.errors.contains("ERROR 3D000") { return nil }
            throw KillFailure("failed open of the backup \(folder): \(program.errors)")
        }
        let known = worlds.compactMap { $0 }
        let found = try Inspection(
            program, .everything, check: "CHECK FULL;", folder: options.folder,
            downsampled: Self.downsampled(known))
        let index = try index(of: found, in: known, "the backup \(folder) has")
        try judge(found, "the backup \(folder)")
        guard program.quit() == 0 else { throw KillFailure("the backup \(folder): \(program.errors)") }
        return known[index]
    }

    // MARK: Databases

    /// Makes a new database, killing the program meanwhile.
    private func beginDatabase() throws(KillFailure) {
        if reader != nil { try endDatabase() }
        report.databases += 1
        path = "\(options.folder)/\(report.databases).bossdb"
        choice.lastBackup = nil
        world = KillWorld()
        let script = Self.setup(&world)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let program = try start()
            program.send(script)
            usleep(UInt32.random(in: 0...40_000, using: &random))
            try expectKilled(program)
            report.recoveryKills += 1
        }
        let program = try start()
        program.send(script + Inspection.marker + "\n")
        while try !program.line().contains(Inspection.markerMark) {}
        let found = try Inspection(program, .everything, folder: options.folder, downsampled: [])
        _ = try index(of: found, in: [world], "a new database has")
        guard program.quit() == 0 else { throw KillFailure("a new database: \(program.errors)") }
        reader = KillReader(
            program: options.program, path: path, folder: options.folder, seed: random.next(), stamp: 0)
    }

    /// Statements that may be run any number of times.
    private static func setup(_ world: inout KillWorld) -> String {
        let whole = KillBox.whole
        var script = """
            CREATE COLLECTION IF NOT EXISTS \(collection);
            CREATE FRAME IF NOT EXISTS f \(whole) VOXEL 4nm, 4nm, 40nm;
            CREATE EXPERIMENT IF NOT EXISTS \(experiment) FRAME f LEVELS 2;
            SET METADATA ON \(experiment) '\(KillWorld.stampKey)' = 0;
            SET history_retention = off;

            """
        let channels = [("image", 1, "32,32,16"), ("labels", 8, "64,64,16")]
        let pair = KillWorld.pair.map { ($0, KillWorld.pairWidth, "64,64,16") }
        for (identity, (name, width, cuboid)) in (channels + pair).enumerated() {
            let channel = KillWorld.Channel(identity: identity, width: width)
            world.channels[name] = channel
            script +=
                "CREATE CHANNEL IF NOT EXISTS \(experiment)/\(name) TYPE \(width > 2 ? "ANNOTATION" : "IMAGE") "
                + "DATATYPE \(channel.typeName) CUBOID \(cuboid);\n"
        }
        world.metadata[KillWorld.stampKey] = 0
        return script
    }

    /// Lets the readers go; nothing of them, and no file that nobody needs, may stay.
    private func endDatabase() throws(KillFailure) {
        guard let reader else { return }
        let done = reader.stop()
        self.reader = nil
        (report.reads, report.readerKills) = (report.reads + done.reads, report.readerKills + done.kills)
        report.waits += done.waits
        try reader.check()
        let program = try start()
        program.send("COMPACT;\nCHECKPOINT;\n" + Inspection.marker + "\n")
        while try !program.line().contains(Inspection.markerMark) {}
        let storage = try Inspection.row(Inspection.lines("SHOW STORAGE;", program).first ?? "")
        guard program.quit() == 0 else { throw KillFailure("it cannot be closed: \(program.errors)") }
        try expectNothingLeft(segments: Int(storage["segment_files"] as? String ?? "") ?? -1)
        remove(path)
        remove(options.folder + "/killed.bossdb")
        if let backup = choice.lastBackup { remove(backup) }
    }

    private func expectNothingLeft(segments: Int) throws(KillFailure) {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        let leases = names.filter { $0.hasSuffix(".lease") }
        guard leases.isEmpty else { throw KillFailure("leases of dead readers are still there: \(leases)") }
        let files = names.filter { $0.hasSuffix(".seg") }
        // The log that is being written is no segment file yet.
        guard files.count <= segments + 1 else {
            throw KillFailure("\(segments) segment files are needed, there are \(files.count): \(files)")
        }
        let odd = names.filter { $0.contains("tmp") || $0.hasSuffix(".next") }
        guard odd.isEmpty else { throw KillFailure("left over: \(odd)") }
    }

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
        guard !program.errors.contains("ERROR") else { throw KillFailure("a writer failed: \(program.errors)") }
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
