import Foundation
import Glibc
import Synchronization
import Testing

/// What a finished run of the program left.
struct CommandOutcome {
    /// The exit status, or 128 and the signal's number.
    let status: Int32
    let output: Data
    let errors: String

    /// The output as text.
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// The program `bossql` as a process of its own, as shells and scripts meet it.
enum CommandLineProgram {
    /// A run that takes longer is killed and fails its test.
    static let timeLimitSeconds = 30.0

    /// The program lies beside the test bundle, in the same configuration.
    static let path: String = {
        // `/proc/self/exe` of a test run is the bundle itself.
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let beside = bundle.deletingLastPathComponent().appending(path: "bossql").path
        if access(beside, X_OK) == 0 { return beside }
        // A test runner of the toolchain loads the bundle; then the build folder is the place to look.
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appending(path: ".build/debug/bossql").path
    }()

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - input: standard input.
    ///   - environment: variables beside PATH and HOME.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], folder: String? = nil
    ) throws -> CommandOutcome {
        try run(executable: path, arguments, input: input, environment: environment, folder: folder)
    }

    /// Runs a line of shell in which `$BOSSQL` is the program.
    static func shell(_ line: String, folder: String) throws -> CommandOutcome {
        try run(
            executable: "/bin/sh", ["-c", line], input: "", environment: ["BOSSQL": path], folder: folder)
    }

    private static func run(
        executable: String, _ arguments: [String], input: String, environment: [String: String],
        folder: String?
    ) throws -> CommandOutcome {
        let scratch = try TemporaryDirectory()
        let files = ["input", "output", "errors"].map { scratch.file($0) }
        try Data(input.utf8).write(to: URL(fileURLWithPath: files[0]))
        let descriptors = [
            open(files[0], O_RDONLY | O_CLOEXEC), open(files[1], O_RDWR | O_CREAT | O_CLOEXEC, 0o600),
            open(files[2], O_RDWR | O_CREAT | O_CLOEXEC, 0o600),
        ]
        defer { descriptors.forEach { close($0) } }
        let child = try ChildProcess(
            executable: executable, arguments, descriptors: descriptors, environment: environment,
            folder: folder)
        let status = child.wait(seconds: timeLimitSeconds)
        return CommandOutcome(
            status: try #require(status, "\(arguments) took longer than \(timeLimitSeconds) s"),
            output: try Data(contentsOf: URL(fileURLWithPath: files[1])),
            errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: files[2])), as: UTF8.self))
    }
}

/// A child process with given standard descriptors. It is killed with the object.
final class ChildProcess {
    /// Held while a process starts and while a pipe is made, so that no child inherits a pipe of another.
    static let spawning = Mutex(())

    let identifier: pid_t
    private var status: Int32?

    /// Starts a program.
    ///
    /// - Parameter descriptors: standard input, output and error; the caller closes its own.
    init(
        executable: String, _ arguments: [String], descriptors: [Int32], environment: [String: String] = [:],
        folder: String? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        var variables = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"]
        if let options = getenv("SWIFT_BACKTRACE") { variables["SWIFT_BACKTRACE"] = String(cString: options) }
        variables.merge(environment) { _, new in new }
        // There is no portable way to say the folder to posix_spawn; env has one.
        let place = folder.map { ["--chdir=\($0)"] } ?? []
        let words = ["env"] + place + [executable] + arguments
        let identifier = try Self.withCStrings(words) { words in
            try Self.withCStrings(variables.map { "\($0)=\($1)" }) { variables in
                var identifier: pid_t = 0
                let error = Self.spawning.withLock { _ in
                    posix_spawn(&identifier, "/usr/bin/env", &actions, &attributes, words, variables)
                }
                guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .ENOENT) }
                return identifier
            }
        }
        self.identifier = identifier
    }

    deinit {
        guard status == nil else { return }
        kill(identifier, SIGKILL)
        _ = wait(seconds: 10)
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit status, 128 and the signal's number for a process that a signal ended, nil when the
    ///   time is over; it is then killed.
    func wait(seconds: Double) -> Int32? {
        if let status { return status }
        let end = ContinuousClock.now + .seconds(seconds)
        var raw: Int32 = 0
        while waitpid(identifier, &raw, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                kill(identifier, SIGKILL)
                waitpid(identifier, &raw, 0)
                status = 128 + SIGKILL
                return nil
            }
            usleep(500)
        }
        // WIFSIGNALED, WTERMSIG and WEXITSTATUS are macros that Swift does not see.
        let signal = raw & 0x7F
        let result = signal == 0 ? raw >> 8 & 0xFF : 128 + signal
        status = result
        return result
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> R
    ) rethrows -> R {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return try body(pointers + [nil])
    }
}

/// A program that runs while the test talks to it through pipes.
final class Conversation {
    let child: ChildProcess
    private let input: Int32
    private let output: Int32
    private var pending: [UInt8] = []
    private let scratch: TemporaryDirectory

    /// Starts `bossql` with arguments.
    init(_ arguments: [String]) throws {
        // A child that was killed must not take the tests along.
        signal(SIGPIPE, SIG_IGN)
        scratch = try TemporaryDirectory()
        let (inputRead, inputWrite) = try Self.pipe()
        let (outputRead, outputWrite) = try Self.pipe()
        let errors = open(scratch.file("errors"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { [inputRead, outputWrite, errors].forEach { close($0) } }
        (input, output) = (inputWrite, outputRead)
        child = try ChildProcess(
            executable: CommandLineProgram.path, arguments, descriptors: [inputRead, outputWrite, errors])
    }

    deinit {
        close(input)
        close(output)
    }

    /// What stands on standard error so far.
    var errors: String { (try? String(contentsOfFile: scratch.file("errors"), encoding: .utf8)) ?? "" }

    /// Sends lines; what a dead child does not read is lost.
    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// The next line of the answer, nil at the end of the output or when the time is over.
    func line(seconds: Double) -> String? {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let newline = pending.firstIndex(of: 0x0A) {
                defer { pending.removeFirst(newline + 1) }
                return String(decoding: pending[..<newline], as: UTF8.self)
            }
            let left = ContinuousClock.now.duration(to: end)
            let milliseconds =
                left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard milliseconds >= 0, poll(&ready, 1, Int32(min(60_000, milliseconds))) > 0 else { return nil }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &chunk, chunk.count)
            guard count > 0 else { return nil }
            pending += chunk[..<count]
        }
    }

    /// Ends the input and waits for the program to leave.
    func finish() -> Int32? {
        send(".quit\n")
        return child.wait(seconds: CommandLineProgram.timeLimitSeconds)
    }

    /// Both ends are closed in programs that start later.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        try ChildProcess.spawning.withLock { _ in
            var ends: [Int32] = [-1, -1]
            guard Glibc.pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }
}

/// A folder that goes away with the object.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bossql-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)  // a leftover in /tmp harms nobody
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { path + "/" + name }
}
