import Foundation
import Glibc
import Synchronization

/// The program `bossql` as a process of its own, with which one talks through pipes. It is killed with the object.
///
/// It stands in a process group of its own, so that Ctrl-C reaches only the one who kills. An object belongs to one
/// thread.
final class RunningProgram {
    /// What came instead of a line, or one.
    enum Answer {
        case line(String)
        /// The program has closed its output.
        case end
        /// The time is over.
        case silence
    }

    let identifier: pid_t
    private let input: Int32
    private let output: Int32
    private let errorsPath: String
    private var pending: [UInt8] = []
    private var status: Int32?

    /// Starts a program.
    ///
    /// - Parameter errorsPath: a file that takes its standard error.
    init(_ executable: String, _ arguments: [String], errorsPath: String) throws(KillFailure) {
        // A child that was killed must not take its parent along.
        signal(SIGPIPE, SIG_IGN)
        let (inputRead, inputWrite) = try Self.pipe()
        let (outputRead, outputWrite) = try Self.pipe()
        let errors = open(errorsPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { [inputRead, outputWrite, errors].forEach { close($0) } }
        guard errors >= 0 else { throw KillFailure("\(errorsPath) cannot be made: errno \(errno)") }
        self.errorsPath = errorsPath
        (input, output) = (inputWrite, outputRead)
        identifier = try Self.spawn(executable, arguments, [inputRead, outputWrite, errors])
    }

    deinit {
        kill()
        close(input)
        close(output)
    }

    /// What stands on standard error so far.
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    /// Sends text; what a dead child does not read is lost.
    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// The next line of its output.
    func answer(seconds: Double = 60) -> Answer {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let newline = pending.firstIndex(of: 0x0A) {
                defer { pending.removeFirst(newline + 1) }
                return .line(String(decoding: pending[..<newline], as: UTF8.self))
            }
            let left = Int32(max(0, ContinuousClock.now.duration(to: end) / .milliseconds(1)))
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let found = poll(&ready, 1, left)
            // Ctrl-C interrupts system calls; the run ends after the kill.
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { return .silence }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .end }
            pending += chunk[..<count]
        }
    }

    /// The next line, which must come.
    func line(seconds: Double = 60) throws(KillFailure) -> String {
        switch answer(seconds: seconds) {
        case .line(let line): return line
        case .end: throw KillFailure("the program ended with \(wait().map(String.init) ?? "-"): \(errors)")
        case .silence: throw KillFailure("the program said nothing for \(seconds) s: \(errors)")
        }
    }

    /// Ends it with SIGKILL.
    ///
    /// - Returns: its status, as `wait` says it.
    @discardableResult
    func kill() -> Int32? {
        guard status == nil else { return status }
        Glibc.kill(identifier, SIGKILL)
        return wait()
    }

    /// Ends its input and waits for it to leave.
    func quit() -> Int32? {
        send(".quit\n")
        return wait()
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit status, 128 and the signal's number for a process that a signal ended, nil when it takes
    ///   longer than a minute; it is then killed.
    func wait() -> Int32? {
        if let status { return status }
        let end = ContinuousClock.now + .seconds(60)
        var raw: Int32 = 0
        while waitpid(identifier, &raw, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                Glibc.kill(identifier, SIGKILL)
                waitpid(identifier, &raw, 0)
                status = 128 + SIGKILL
                return nil
            }
            usleep(200)
        }
        // WIFSIGNALED, WTERMSIG and WEXITSTATUS are macros that Swift does not see.
        let signal = raw & 0x7F
        let result = signal == 0 ? raw >> 8 & 0xFF : 128 + signal
        status = result
        return result
    }

    /// Held while a process starts and while a pipe is made, so that no child inherits a pipe of another.
    private static let spawning = Mutex(())

    /// Both ends are closed in programs that start later.
    private static func pipe() throws(KillFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let made = spawning.withLock { _ in
            let made = Glibc.pipe(&ends)
            for end in ends where made == 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return made
        }
        guard made == 0 else { throw KillFailure("no pipe: errno \(errno)") }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ executable: String, _ arguments: [String], _ descriptors: [Int32]
    ) throws(KillFailure) -> pid_t {
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
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var variables = ["PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8"]
        if let options = getenv("SWIFT_BACKTRACE") {
            variables.append("SWIFT_BACKTRACE=\(String(cString: options))")
        }
        let words = ([executable] + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup($0) } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var identifier: pid_t = 0
        let code = spawning.withLock { _ in
            posix_spawn(&identifier, executable, &actions, &attributes, words, settings)
        }
        guard code == 0 else { throw KillFailure("\(executable) does not start: errno \(code)") }
        return identifier
    }
}

/// A promise that was broken, or a thing that cannot be tried.
package struct KillFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
