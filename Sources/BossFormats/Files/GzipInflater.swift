import CZlib

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The inflated content of a gzip file (RFC 1952), read forwards; going back starts over.
///
/// Only what a caller asks for is inflated, so a small file that inflates to terabytes costs nothing
/// by itself. Several members in a row are one content. After the last one only zero bytes may
/// follow (tapes and block devices pad so). Each member's checksum and length are checked as its end is
/// passed.
final class GzipInflater: ByteSource {
    /// A deflate stream inflates to at most 1032 times its size.
    /// Source: zlib's "Technical Details", maximum compression factor.
    static let maximumRatio = 1032

    var file: String { input.file }
    var byteCount: Int? { nil }
    let byteCountLimit: Int

    private let input: InputFile
    private let stream: UnsafeMutablePointer<z_stream>
    private let inputBuffer: UnsafeMutableRawBufferPointer
    private var inputOffset = 0
    private var position = 0
    private var state = State.betweenMembers(isFirst: true)

    private enum State: Equatable {
        case betweenMembers(isFirst: Bool)
        case insideMember
        case ended
    }

    /// - Throws: `FormatError.corrupt` if the library refuses to start, for want of memory.
    init(_ input: InputFile) throws(FormatError) {
        self.input = input
        let (limit, overflow) = input.fileByteCount.multipliedReportingOverflow(by: Self.maximumRatio)
        byteCountLimit = overflow ? Int.max : limit
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        inputBuffer = .allocate(byteCount: 1 << 17, alignment: 16)
        guard boss_inflate_init(stream) == Z_OK else {
            stream.deallocate()
            inputBuffer.deallocate()
            throw .unreadable(file: input.file, errno: ENOMEM)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        inputBuffer.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FormatError) -> Int {
        if offset < position { restart() }
        if offset > position { try skip(offset - position) }
        return offset == position ? try inflate(into: buffer) : 0
    }

    private func restart() {
        inputOffset = 0
        position = 0
        stream.pointee.avail_in = 0
        state = .betweenMembers(isFirst: true)
    }

    private func skip(_ count: Int) throws(FormatError) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 17), alignment: 16)
        defer { scratch.deallocate() }
        var rest = count
        while rest > 0 {
            let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(rest, scratch.count)])
            let skipped = try inflate(into: part)
            if skipped == 0 { return }
            rest -= skipped
        }
    }

    /// Inflates until the buffer is full or the content ends.
    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count, state != .ended {
            if stream.pointee.avail_in == 0, try !refill() {
                if case .betweenMembers(isFirst: false) = state {
                    state = .ended
                    break
                }
                throw .corrupt(
                    file: file, reason: "the gzip stream ends early, after \(position) bytes of content")
            }
            if case .betweenMembers(let isFirst) = state {
                try startMember(isFirst: isFirst)
                continue
            }
            done += try step(into: base + done, count: buffer.count - done)
        }
        return done
    }

    private func refill() throws(FormatError) -> Bool {
        let count = try input.read(into: inputBuffer, at: inputOffset)
        inputOffset += count
        stream.pointee.next_in = inputBuffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
        return count > 0
    }

    /// Skips zero bytes behind a member; anything else has to be the next one.
    private func startMember(isFirst: Bool) throws(FormatError) {
        if !isFirst, stream.pointee.next_in.pointee == 0 {
            stream.pointee.next_in += 1
            stream.pointee.avail_in -= 1
            return
        }
        inflateReset(stream)
        state = .insideMember
    }

    private func step(into base: UnsafeMutableRawPointer, count: Int) throws(FormatError) -> Int {
        let wanted = UInt32(min(count, 1 << 30))
        stream.pointee.next_out = base.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = wanted
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let produced = Int(wanted - stream.pointee.avail_out)
        assert(status != Z_BUF_ERROR || stream.pointee.avail_in == 0, "zlib stops only for want of input")
        position += produced
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: state = .betweenMembers(isFirst: false)
        case Z_MEM_ERROR: throw .unreadable(file: file, errno: ENOMEM)
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "bad data"
            throw .corrupt(file: file, reason: "gzip, after \(position) bytes of content: \(reason)")
        }
        return produced
    }
}
