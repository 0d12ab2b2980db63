import Glibc

/// The lines of a script, read as they are needed: a file, standard input, or text.
final class LineSource {
    private static let chunkByteCount = 1 << 16

    private let descriptor: Int32
    private let name: String
    private let isOwned: Bool
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd: Bool

    /// The number of the line that was read last, from 1.
    private(set) var lineNumber = 0

    private init(descriptor: Int32, name: String, isOwned: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOwned = isOwned
        isAtEnd = false
    }

    /// The lines of a text.
    init(text: String) {
        descriptor = -1
        name = "text"
        isOwned = false
        buffer = Array(text.utf8)
        isAtEnd = true
    }

    deinit { if isOwned { close(descriptor) } }

    /// `-` is standard input.
    static func file(_ path: String) throws(ShellError) -> LineSource {
        if path == "-" { return standardInput() }
        let descriptor = open(FileCompletion.expandingHome(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, errno: errno) }
        return LineSource(descriptor: descriptor, name: path, isOwned: true)
    }

    static func standardInput() -> LineSource {
        LineSource(descriptor: STDIN_FILENO, name: "standard input", isOwned: false)
    }

    /// The next line without its end, nil after the last. A byte order mark is left out.
    func next() throws(ShellError) -> String? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) { return take(to: end, andSkip: 1) }
            searched = buffer.count
            if isAtEnd { return position < buffer.count ? take(to: buffer.count, andSkip: 0) : nil }
            let removed = position
            try fill()
            searched -= removed
        }
    }

    private func take(to end: Int, andSkip count: Int) -> String {
        var start = position
        var end = end
        position = end + count
        lineNumber += 1
        if lineNumber == 1, buffer[start..<end].starts(with: [0xEF, 0xBB, 0xBF]) { start += 3 }
        if end > start, buffer[end - 1] == 0x0D { end -= 1 }
        return String(decoding: buffer[start..<end], as: UTF8.self)
    }

    /// Drops the lines that were taken and reads on.
    private func fill() throws(ShellError) {
        buffer.removeFirst(position)
        position = 0
        var chunk = [UInt8](repeating: 0, count: Self.chunkByteCount)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                buffer.append(contentsOf: chunk[..<count])
                return
            }
            if count == 0 {
                isAtEnd = true
                return
            }
            if errno != EINTR { throw .file(path: name, errno: errno) }
        }
    }
}
