import Foundation
import Glibc

/// A program of its own process, to which one talks through pipes. It is killed with the object, which belongs to one
/// thread.
package final class Conversation {
    /// What came instead of a line, or one.
    package enum Answer {
        case line(String)
        /// The program has closed its output.
        case end
        /// The time is over.
        case silence
    }

    package let child: ChildProcess
    private var input: Int32?
    private let output: Int32
    private let errorsPath: String
    private var pending: [UInt8] = []

    /// Starts a program.
    ///
    /// - Parameter errorsPath: a file that takes its standard error.
    /// - Throws: `POSIXError`.
    package init(
        _ executable: String, _ arguments: [String], errorsPath: String, hasOwnGroup: Bool = false
    ) throws {
        // A child that was killed must not take its parent along.
        signal(SIGPIPE, SIG_IGN)
        let (inputRead, inputWrite) = try ChildProcess.pipe()
        let (outputRead, outputWrite) = try ChildProcess.pipe()
        (input, output) = (inputWrite, outputRead)
        self.errorsPath = errorsPath
        let errors = open(errorsPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { [inputRead, outputWrite, errors].forEach { close($0) } }
        guard errors >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        child = try ChildProcess(
            executable: executable, arguments, descriptors: [inputRead, outputWrite, errors],
            hasOwnGroup: hasOwnGroup)
    }

    deinit {
        child.kill()
        endInput()
        close(output)
    }

    /// Tells the program that nothing more comes.
    package func endInput() {
        if let input { close(input) }
        input = nil
    }

    /// What stands on standard error so far.
    package var errors: String { String(decoding: (try? fileBytes(errorsPath)) ?? [], as: UTF8.self) }

    /// Sends text; what a dead child does not read is lost.
    package func send(_ text: String) {
        guard let input else { return }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// The next line of its output.
    package func answer(seconds: Double = 60) -> Answer {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let newline = pending.firstIndex(of: 0x0A) {
                defer { pending.removeFirst(newline + 1) }
                return .line(String(decoding: pending[..<newline], as: UTF8.self))
            }
            let left = Int32(max(0, ContinuousClock.now.duration(to: end) / .milliseconds(1)))
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let found = poll(&ready, 1, left)
            // Ctrl-C interrupts system calls.
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { return .silence }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .end }
            pending += chunk[..<count]
        }
    }

    /// The next line, nil at the end of the output or when the time is over.
    package func line(seconds: Double) -> String? {
        guard case .line(let line) = answer(seconds: seconds) else { return nil }
        return line
    }

    /// Tells the program to leave, and waits for that.
    package func quit(seconds: Double = 60) -> Int32? {
        send(".quit\n")
        return child.wait(seconds: seconds)
    }
}
