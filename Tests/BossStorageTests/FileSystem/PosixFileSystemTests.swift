import BossStorage
import BossTestSupport
import CPosixShim
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What only a real directory has.
@Suite("Real file system")
struct PosixFileSystemTests {
    @Test("a missing directory is made with its parents, if wanted")
    func directory() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/a/b.bossdb"
            #expect(throws: StorageError.notFound(file: path)) {
                try PosixFileSystem(directory: path, createIfMissing: false)
            }
            for _ in 0..<2 {
                let files = try PosixFileSystem(directory: path, createIfMissing: true)
                #expect(files.displayPath == path)
            }
            try PosixFileSystem(directory: path + "/", createIfMissing: true).make("f", "text")
            #expect(try String(contentsOfFile: path + "/f", encoding: .utf8) == "text")
            #expect(
                errnoOf { _ = try PosixFileSystem(directory: path + "/f", createIfMissing: true) } == ENOTDIR)
        }
    }

    @Test("it follows its directory when that is renamed")
    func renamedDirectory() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory + "/a", createIfMissing: true)
            try FileManager.default.moveItem(atPath: directory + "/a", toPath: directory + "/b")
            try files.make("f", "text")
            #expect(try String(contentsOfFile: directory + "/b/f", encoding: .utf8) == "text")
        }
    }

    @Test("the rename by link moves and never replaces")
    func renameByLink() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory, createIfMissing: false)
            try files.make("a", "A")
            try files.make("b", "B")
            #expect(throws: StorageError.alreadyExists(path: "b")) { try files.renameByLink("a", to: "b") }
            #expect(throws: StorageError.notFound(file: "x")) { try files.renameByLink("x", to: "y") }
            try files.renameByLink("a", to: "c")
            #expect(try files.list("").sorted() == ["b", "c"])
            #expect(try files.text("c") == "A")
        }
    }

    /// The memory file system refuses at once what exceeds its size; a disk would be filled first.
    @Test("a full device is told apart", .enabled(if: FileManager.default.fileExists(atPath: "/dev/shm")))
    func fullDevice() throws {
        let directory = "/dev/shm/bossfs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a leftover harms no test
        let files = try PosixFileSystem(directory: directory, createIfMissing: true)
        let file = try files.open("a", mode: .createNew)
        #expect(throws: StorageError.diskFull(file: "a")) { try file.allocate(byteCount: 1 << 45) }
    }

    @Test("a pipe is no file, and nobody waits for its other end; a lock is not taken through a link")
    func specialFiles() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory, createIfMissing: false)
            mkfifo(directory + "/pipe", 0o600)
            for mode in [FileMode.read, .readWrite] {
                #expect(errnoOf { _ = try files.open("pipe", mode: mode) } == EISDIR)
            }
            #expect(errnoOf { _ = try files.lock("pipe", holder: "me") } == EINVAL)
            try files.make("f", "text")
            symlink("f", directory + "/link")
            #expect(errnoOf { _ = try files.lock("link", holder: "me") } == ELOOP)
            #expect(try files.text("f") == "text")
        }
    }

    @Test("links to files and sub-directories: only files are listed")
    func listing() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory, createIfMissing: false)
            try files.make("a", "")
            try FileManager.default.createSymbolicLink(atPath: directory + "/l", withDestinationPath: "a")
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/dead", withDestinationPath: "gone")
            try files.createDirectory("d")
            #expect(try files.list("").sorted() == ["a", "l"])
            #expect(try files.exists("dead") == false)
        }
    }

    @Test("a lock works between processes", .enabled(if: Python.path != nil))
    func lockBetweenProcesses() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory, createIfMissing: false)
            let child = try Python.start(
                """
                import fcntl, sys
                f = open(sys.argv[1], 'w+'); f.write('python\\n'); f.flush()
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                print('held', flush=True); sys.stdin.read()
                """, directory + "/LOCK")
            #expect(child.readLine() == "held")
            #expect(throws: StorageError.locked(path: "LOCK", holder: "python")) {
                try files.lock("LOCK", holder: "us")
            }
            #expect(child.finish() == 0)
            let lock = try files.lock("LOCK", holder: "us")
            let refused = try Python.start(
                """
                import fcntl, sys
                f = open(sys.argv[1], 'r+')
                try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError: sys.exit(7)
                """, directory + "/LOCK")
            #expect(refused.finish() == 7)
            lock.release()
        }
    }

    @Test("a fault outside any guard still ends the process")
    func unguardedFault() async throws {
        let result = await #expect(processExitsWith: .failure) {
            setrlimitCoreZero()
            var byte: UInt8 = 1
            var copy: UInt8 = 0
            _ = boss_posix_guarded_copy(&copy, &byte, 1)  // installs the handler
            raise(SIGBUS)
        }
        // A sanitizer reports the signal, and exits with its own status.
        let legal: [ExitStatus] = [.signal(SIGBUS), .exitCode(1), .exitCode(66)]
        #expect(legal.prefix(isSanitized ? 3 : 1).contains(try #require(result).exitStatus))
    }

    @Test("the guard costs little beside the copy")
    func guardCost() {
        let source = [UInt8](repeating: 3, count: 64)
        var target = [UInt8](repeating: 0, count: 64)
        let rounds = 100_000
        let clock = ContinuousClock()
        var best = Duration.seconds(1)
        for _ in 0..<5 {
            let time = clock.measure {
                source.withUnsafeBytes { from in
                    target.withUnsafeMutableBytes { to in
                        guard let from = from.baseAddress, let to = to.baseAddress else { return }
                        for _ in 0..<rounds { _ = boss_posix_guarded_copy(to, from, 64) }
                    }
                }
            }
            best = min(best, time)
        }
        #expect(target == source)
        let nanoseconds = best / rounds / Duration.nanoseconds(1)
        print("guarded copy of 64 bytes: \(nanoseconds) ns")
        #expect(nanoseconds < 2000, "a loaded machine is slow, a system call per copy would be slower")
    }
}

/// Whether the address or the thread sanitizer is in this process.
private var isSanitized: Bool {
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
}

/// Crashes on purpose leave no core files.
func setrlimitCoreZero() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Glibc)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    #else
        _ = setrlimit(RLIMIT_CORE, &limit)
    #endif
}

/// Another program, as the oracle for what passes between processes.
struct Python {
    static let path: String? = {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { $0 + "/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private let conversation: Conversation

    static func start(_ script: String, _ argument: String) throws -> Python {
        let conversation = try Conversation(
            path ?? "/usr/bin/python3", ["-c", script, argument], errorsPath: "/dev/null")
        return Python(conversation: conversation)
    }

    func readLine() -> String? { conversation.line(seconds: 60) }

    /// Closes its input and waits for its end.
    func finish() -> Int32? {
        conversation.endInput()
        return conversation.child.wait(seconds: 60)
    }
}
