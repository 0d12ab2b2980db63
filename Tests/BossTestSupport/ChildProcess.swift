import Foundation
package import Glibc
import Synchronization

/// A child process with given standard descriptors. It is killed with the object, which belongs to one thread.
package final class ChildProcess {
    /// Held while a process starts and while a pipe is made, so that no child inherits a pipe of another.
    private static let spawning = Mutex(())

    package let identifier: pid_t
    private var status: Int32?

    /// Starts a program with PATH, HOME, a UTF-8 locale and the caller's way of printing Swift's backtraces.
    ///
    /// - Parameters:
    ///   - descriptors: standard input, output and error; the caller closes its own.
    ///   - environment: variables beside these.
    ///   - folder: where it works.
    ///   - hasOwnGroup: whether it stands in a process group of its own, which Ctrl-C does not reach.
    /// - Throws: `POSIXError` when it does not start.
    package init(
        executable: String, _ arguments: [String], descriptors: [Int32], environment: [String: String] = [:],
        folder: String? = nil, hasOwnGroup: Bool = false
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
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | (hasOwnGroup ? POSIX_SPAWN_SETPGROUP : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var variables = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"]
        if let options = getenv("SWIFT_BACKTRACE") { variables["SWIFT_BACKTRACE"] = String(cString: options) }
        variables.merge(environment) { _, new in new }
        // There is no portable way to say the folder to posix_spawn; env has one.
        let words = (folder.map { ["/usr/bin/env", "--chdir=\($0)"] } ?? []) + [executable] + arguments
        let program = words[0]
        identifier = try Self.withCStrings(words) { words in
            try Self.withCStrings(variables.map { "\($0)=\($1)" }) { variables in
                var identifier: pid_t = 0
                let error = Self.spawning.withLock { _ in
                    posix_spawn(&identifier, program, &actions, &attributes, words, variables)
                }
                guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .ENOENT) }
                return identifier
            }
        }
    }

    deinit { kill() }

    /// Ends it with SIGKILL, if it still runs.
    ///
    /// - Returns: its status, as `wait` says it.
    @discardableResult
    package func kill() -> Int32? {
        guard status == nil else { return status }
        Glibc.kill(identifier, SIGKILL)
        return wait(seconds: 60)
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit status, 128 and the signal's number for a process that a signal ended, nil when the
    ///   time is over; it is then killed.
    package func wait(seconds: Double) -> Int32? {
        if let status { return status }
        let end = ContinuousClock.now + .seconds(seconds)
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

    /// A pipe, both ends of which are closed in programs that start later.
    ///
    /// - Throws: `POSIXError`.
    package static func pipe() throws -> (read: Int32, write: Int32) {
        try spawning.withLock { _ in
            var ends: [Int32] = [-1, -1]
            guard Glibc.pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> R
    ) rethrows -> R {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return try body(pointers + [nil])
    }
}
