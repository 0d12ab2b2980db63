@testable import BossStorage

/// A write-ahead log, scanned in every way.
///
/// Input: flags (bit 0 asks for right checksums, bit 1 also for counts, offsets and chain of the commit
/// records), 84 bytes of header, then what follows from offset 4096 on.
enum LogTarget {
    static let target = FuzzTarget("log", body: run, seeds: seeds)
    private static let headerByteCount = 84

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let flags = input.byte()
        let head = input.take(headerByteCount)
        var bytes = head + [UInt8](repeating: 0, count: SegmentHeader.byteCount - head.count) + input.rest()
        if flags & 1 == 1 { ChecksumRepair.log(&bytes, links: flags & 2 == 2) }
        let header = try bytes.withUnsafeBytes { try SegmentHeader($0, file: "log") }
        let files = SimulatedFileSystem(seed: 1)
        try files.put("wal/log.seg", bytes)
        let file = try files.open("wal/log.seg", mode: .read)
        func scan(limit: UInt64 = .max, bricks: Bool, from resume: LogContents? = nil) throws -> LogContents {
            try LogScanner(file: file).scan(
                database: header.database, identifier: header.identifier, knownFlushed: 0, limit: limit,
                verifyBricks: bricks, resume: resume)
        }
        // Readers beside a writer know how long the log is.
        let length = UInt64(bytes.count)
        let quick = try scan(limit: length, bricks: false)
        let whole = try scan(limit: length, bricks: true)
        for contents in [quick, whole] {
            try FuzzFailure.require(contents.end <= length, "a batch ends behind the log")
        }
        try FuzzFailure.require(whole.end <= quick.end, "a closer look accepts more")
        try FuzzFailure.require(
            whole.end == quick.end || whole.lastSequence <= quick.lastSequence, "sequence numbers fall")
        try checkParts(whole, scan)
        let recovered = try scan(bricks: true)
        try FuzzFailure.require(
            recovered.end == whole.end && recovered.entries == whole.entries, "recovery finds other batches")
    }

    /// The accepted part, scanned alone or in two steps, is accepted as it was.
    private static func checkParts(
        _ whole: LogContents,
        _ scan: (_ limit: UInt64, _ bricks: Bool, _ resume: LogContents?) throws -> LogContents
    ) throws {
        for limit in [whole.end, (UInt64(SegmentHeader.byteCount) + whole.end) / 2] {
            let first = try scan(limit, true, nil)
            try FuzzFailure.require(first.end <= limit, "a batch ends behind the limit")
            let second = try scan(whole.end, true, first)
            try FuzzFailure.require(
                second.end == whole.end && second.chain == whole.chain && second.entries == whole.entries
                    && second.lastSequence == whole.lastSequence && second.isClosed == whole.isClosed,
                "a scan in two steps finds other batches")
        }
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        try SampleDatabase.shared.get().logFiles.flatMap { bytes in
            let body = Array(bytes[SegmentHeader.byteCount...])
            // Whole; torn in the middle of a page; with the first batches only; with zeros behind.
            let parts = [body, body.dropLast(100), Array(body.prefix(body.count / 2)), body + [0, 0, 0, 0]]
            return parts.enumerated().map { index, part in
                [index == 0 ? 3 : 1] + bytes.prefix(headerByteCount) + part
            }
        }
    }
}
