import Glibc

/// Buffered text and bytes to a file descriptor, or to memory for tests.
///
/// Not for use by two threads. Nothing is written before 64 KiB are full or `flush` is called.
final class Output {
    private enum Destination {
        case descriptor(Int32, isOwned: Bool, name: String)
        case memory
    }

    private static let capacity = 1 << 16

    private let destination: Destination
    private var buffer: [UInt8] = []
    /// The first error of a flush.
    private(set) var failure: ShellError?

    private init(_ destination: Destination) {
        self.destination = destination
        buffer.reserveCapacity(Self.capacity)
    }

    deinit {
        if case .descriptor(let descriptor, true, _) = destination { close(descriptor) }
    }

    /// Standard output.
    static func standardOutput() -> Output {
        Output(.descriptor(STDOUT_FILENO, isOwned: false, name: "standard output"))
    }

    /// Standard error.
    static func standardError() -> Output {
        Output(.descriptor(STDERR_FILENO, isOwned: false, name: "standard error"))
    }

    /// Keeps everything, to be read as `text`.
    static func memory() -> Output { Output(.memory) }

    /// A new or emptied file, or one that is added to.
    static func file(_ path: String, appending: Bool = false) throws(ShellError) -> Output {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (appending ? O_APPEND : O_TRUNC)
        let descriptor = open(path, flags, 0o666)
        guard descriptor >= 0 else { throw .file(path: path, errno: errno) }
        return Output(.descriptor(descriptor, isOwned: true, name: path))
    }

    /// What was written to memory and not flushed away.
    var text: String { String(decoding: buffer, as: UTF8.self) }

    /// Whether it is a terminal.
    var isTerminal: Bool {
        if case .descriptor(let descriptor, _, _) = destination { return isatty(descriptor) == 1 }
        return false
    }

    func write(_ text: String) throws(ShellError) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.capacity { try flush() }
    }

    func write(byte: UInt8) throws(ShellError) {
        buffer.append(byte)
        if buffer.count >= Self.capacity { try flush() }
    }

    /// Writes bytes as they are; many at once bypass the buffer.
    func write(bytes: UnsafeRawBufferPointer) throws(ShellError) {
        guard case .descriptor = destination, bytes.count >= Self.capacity else {
            buffer.append(contentsOf: bytes)
            if buffer.count >= Self.capacity { try flush() }
            return
        }
        try flush()
        try writeAll(bytes)
    }

    /// Hands everything to the system. What could not be written is lost, and remembered in `failure`.
    func flush() throws(ShellError) {
        guard case .descriptor = destination, !buffer.isEmpty else { return }
        let bytes = buffer
        buffer.removeAll(keepingCapacity: true)
        var failure: ShellError?
        bytes.withUnsafeBytes { pointer in
            do throws(ShellError) { try writeAll(pointer) } catch { failure = error }
        }
        guard let failure else { return }
        self.failure = self.failure ?? failure
        throw failure
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(ShellError) {
        guard case .descriptor(let descriptor, _, let name) = destination else { return }
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, start, min(rest.count, 1 << 24))
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw errno == EPIPE ? .brokenPipe : .file(path: name, errno: errno)
            }
        }
    }
}
