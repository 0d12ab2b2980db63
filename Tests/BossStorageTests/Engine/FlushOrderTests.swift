import BossTestSupport
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What must be on the disk before what; the order that docs and recovery rely on.
@Suite("Order of flushes")
struct FlushOrderTests {
    /// The disk as a power failure that drops everything unflushed would leave it, looked at whenever a root
    /// is about to get its name.
    @Test(
        "whatever a root names is on the disk before the root gets its name, and until a later root is there",
        arguments: CrashScenario.all.filter { $0.quotaByteCount == nil })
    func namedFilesFirst(_ scenario: CrashScenario) throws {
        let files = SimulatedFileSystem(seed: 21)
        let base = Session(files: files, options: scenario.options)
        try scenario.prepare(base)
        base.kill()
        let problems = Mutex<[String]>([])
        let rootCount = Mutex(0)
        let hooked = HookedFileSystem(files) { operation in
            if operation.kind == .unlink, operation.path.hasSuffix(".seg") {
                let found = Self.needing(operation.path, files)
                problems.withLock { $0 += found }
            }
            guard operation.kind == .rename, let number = operation.newPath.flatMap(Self.rootNumber) else {
                return
            }
            rootCount.withLock { $0 += 1 }
            let found = Self.missing(files, root: operation.path, number: number)
            problems.withLock { $0 += found }
        }
        let session = Session(continuing: base, files: files)
        session.seam = hooked
        try scenario.run(session)
        #expect(problems.withLock { $0 } == [])
        #expect(rootCount.withLock { $0 } > 0)
    }

    private static func rootNumber(_ path: String) -> UInt64? {
        ManifestRoot.number(ofFile: String(path.dropFirst(ManifestRoot.directory.count + 1)))
    }

    /// The newest durable root, if it names a file that is about to be removed.
    private static func needing(_ path: String, _ files: SimulatedFileSystem) -> [String] {
        let left = files.clone().crash(damageSeed: 0)
        let manifest = Manifest(fileSystem: left)
        guard let number = try? manifest.numbers().max(), let root = try? manifest.load(number) else {
            return []
        }
        let logs = root.logs.map { SegmentReference.path(role: .log, identifier: $0) }
        guard (root.segments.map(\.path) + logs).contains(path) else { return [] }
        return ["root \(number) names \(path), which is removed"]
    }

    private static func missing(_ files: SimulatedFileSystem, root path: String, number: UInt64) -> [String] {
        guard let bytes = files.contents(path) else { return ["no \(path)"] }
        guard files.durableContents(path) == bytes else { return ["root \(number) is not flushed"] }
        guard let root = try? bytes.withUnsafeBytes({ try ManifestRoot($0, file: path, number: number) })
        else {
            return ["root \(number) cannot be read"]
        }
        let left = files.clone().crash(damageSeed: 0)
        var problems: [String] = []
        for segment in root.segments where left.contents(segment.path) != files.contents(segment.path) {
            problems.append("root \(number) names \(segment.path), which is not flushed")
        }
        for log in root.logs {
            let path = SegmentReference.path(role: .log, identifier: log)
            guard let bytes = left.contents(path), bytes.count >= SegmentHeader.byteCount else {
                problems.append("root \(number) names \(path), which has no durable header")
                continue
            }
        }
        return problems
    }

    @Test("a root is flushed, renamed and its folder flushed, in this order and at once")
    func publication() throws {
        for scenario in CrashScenario.all {
            let trace = try mutations(of: scenario)
            for (index, operation) in trace.enumerated() where operation.kind == .rename {
                let write = trace[..<index].lastIndex { $0.kind == .write && $0.path == operation.path }
                let sync = trace[..<index].lastIndex { $0.kind == .sync && $0.path == operation.path }
                #expect((sync ?? -1) > (write ?? index), "\(scenario.name): \(operation.path) not flushed")
                #expect(
                    trace.dropFirst(index + 1).first
                        == TracedOperation(.syncDirectory, ManifestRoot.directory),
                    "\(scenario.name): operation \(index)")
            }
        }
    }

    @Test("no two roots have one number")
    func rootNumbers() throws {
        for scenario in CrashScenario.all {
            let names = try mutations(of: scenario).compactMap { $0.kind == .rename ? $0.newPath : nil }
            #expect(Set(names).count == names.count, "\(scenario.name): \(names)")
            let ascending = zip(names, names.dropFirst()).allSatisfy { $0 < $1 }
            #expect(ascending, "\(scenario.name): \(names)")
        }
    }

    @Test("a commit is shown to nobody before it is flushed")
    func visibility() throws {
        let files = SimulatedFileSystem(seed: 6)
        let engine = Mutex<StorageEngine?>(nil)
        let shown = Mutex<[UInt64]>([])
        let hooked = HookedFileSystem(files) { operation in
            guard operation.kind == .sync, operation.path.hasPrefix("wal/"),
                let engine = engine.withLock({ $0 })
            else { return }
            let view = engine.publishedView
            let newest = try? view.locate(CuboidKey(1, 0).group, codes: [0])[0].newestSequence
            shown.withLock { $0 += [max(view.sequence, newest ?? .max)] }
        }
        let session = Session(files: files, options: CrashScenario.smallOptions)
        session.seam = hooked
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full())])
        engine.withLock { $0 = session.engine }
        for _ in 0..<3 { try session.commit([(CuboidKey(1, 0), session.full())]) }
        engine.withLock { $0 = nil }
        #expect(shown.withLock { $0 } == [1, 2, 3])
    }

    @Test("a new log is made, headed, flushed, its folder flushed, named by a root, and only then written")
    func newLog() throws {
        let trace = try mutations(of: try #require(CrashScenario.all.first { $0.name == "first commit" }))
        let log = try #require(trace.first { $0.kind == .create && $0.path.hasPrefix("wal/") }).path
        let steps = trace.filter {
            $0.path == log || $0.path == "wal" && $0.kind == .syncDirectory || $0.kind == .rename
                || $0.kind == .syncDirectory && $0.path == ManifestRoot.directory
        }
        let made = try #require(steps.firstIndex { $0.kind == .create && $0.path == log })
        let kinds = steps[made...].map(\.kind)
        #expect(
            kinds == [
                .create, .write, .sync, .syncDirectory,  // the file
                .rename, .syncDirectory,  // the root
                .allocate, .write, .sync,  // the commit
            ])
    }

    @Test("a commit returns after a flush that follows the last write of the log")
    func commit() throws {
        let session = Session(files: SimulatedFileSystem(seed: 5), options: CrashScenario.smallOptions)
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full())])
        session.files.startTrace()
        for code in UInt64(1)..<6 {
            try session.commit([(CuboidKey(1, code), session.full())])
            let log = session.files.takeTrace().filter { $0.path.hasPrefix("wal/") && $0.kind.isMutating }
            #expect(log.map(\.kind) == [.write, .sync])
            let left = Session(continuing: session, files: session.files.clone().crash(damageSeed: 0))
            try left.open()
            let engine = try #require(left.engine)
            #expect(try engine.view().sequence == code + 1)
        }
    }

    @Test("a file is removed only after a root without it is durable")
    func removal() throws {
        for scenario in CrashScenario.all {
            let trace = try mutations(of: scenario)
            for (index, operation) in trace.enumerated()
            where operation.kind == .unlink && operation.path.hasSuffix(".seg") {
                // Between a rename and the flush of its folder nothing is removed.
                let rename = trace[..<index].lastIndex { $0.kind == .rename } ?? -1
                let flush = trace[..<index].lastIndex {
                    $0.kind == .syncDirectory && $0.path == ManifestRoot.directory
                }
                if rename >= 0 { #expect((flush ?? -1) > rename, "\(scenario.name): \(operation.path)") }
            }
        }
    }

    private func mutations(of scenario: CrashScenario) throws -> [TracedOperation] {
        let session = Session(files: SimulatedFileSystem(seed: 21), options: scenario.options)
        session.files.startTrace()
        try scenario.prepare(session)
        session.kill()
        try scenario.run(session)
        return session.files.takeTrace().filter(\.kind.isMutating)
    }
}
