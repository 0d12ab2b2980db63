import BossGeometry
package import BossVoxels

/// Reads label frames, whose bytes are not trusted: whatever they are, decoding throws or gives a sound array, and
/// takes at most one and a half times the memory of the brick's voxels.
package enum LabelFrameDecoder {
    /// The runs of a brick.
    ///
    /// - Parameters:
    ///   - bytes: exactly the stored bytes.
    ///   - voxelCount: voxels of the brick.
    /// - Throws: `CodecError` if the bytes are not such a brick.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, voxelCount: Int, voxelByteCount: Int
    ) throws(CodecError) -> RunArray {
        let header = try LabelFrame.Header(bytes, voxelCount: voxelCount, voxelByteCount: voxelByteCount)
        let extent = VoxelExtent(
            x: header.rowLength, y: header.rowsOfPlane,
            z: voxelCount / (header.rowLength * header.rowsOfPlane))
        return try RunArray(extent: extent, valueCount: header.valueCount, runCount: header.runCount) {
            (palette, rowStarts, runs) throws(CodecError) in
            let end = try readPalette(bytes, into: palette, voxelByteCount: voxelByteCount)
            let stored = UnsafeRawBufferPointer(rebasing: bytes[end...])
            guard header.isCompressed else {
                guard stored.count == header.streamByteCount else {
                    throw .invalidLabels(.symbols, found: stored.count)
                }
                return try readRuns(stored, header, rowStarts, runs)
            }
            let streams = VoxelStorage(byteCount: header.streamByteCount, zeroed: false)
            let read = streams.withUnsafeMutableBytes { memory in
                Result { () throws(CodecError) in
                    try BloscFrame.decompress(stored, into: memory, .zstd)
                    try readRuns(UnsafeRawBufferPointer(memory), header, rowStarts, runs)
                }
            }
            try read.get()
        }
    }

    /// The distinct values of a brick, ascending, without a look at its voxels.
    package static func values(
        _ bytes: UnsafeRawBufferPointer, voxelCount: Int, voxelByteCount: Int
    ) throws(CodecError) -> [UInt64] {
        let header = try LabelFrame.Header(bytes, voxelCount: voxelCount, voxelByteCount: voxelByteCount)
        var values = [UInt64](repeating: 0, count: header.valueCount)
        let read = values.withUnsafeMutableBufferPointer { palette in
            Result { () throws(CodecError) in
                try readPalette(bytes, into: palette, voxelByteCount: voxelByteCount)
            }
        }
        _ = try read.get()
        return values
    }

    /// - Returns: where the palette ends.
    private static func readPalette(
        _ bytes: UnsafeRawBufferPointer, into palette: UnsafeMutableBufferPointer<UInt64>, voxelByteCount: Int
    ) throws(CodecError) -> Int {
        var offset = LabelFrame.headerByteCount
        var last: UInt64 = 0
        let largest = UInt64.max >> UInt64(64 - 8 * voxelByteCount)
        for position in palette.indices {
            var difference: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                guard offset < bytes.count else {
                    throw .frameTooShort(needed: offset + 1, found: bytes.count)
                }
                let byte = bytes[offset]
                offset += 1
                // The tenth byte has room for one bit.
                guard shift < 63 || byte <= 1 else { throw .invalidLabels(.palette, found: Int(byte)) }
                difference |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { break }
                shift += 7
            }
            let (value, overflow) = last.addingReportingOverflow(difference)
            guard !overflow, value <= largest, position == 0 || difference > 0 else {
                throw .invalidLabels(.palette, found: position)
            }
            palette[position] = value
            last = value
        }
        return offset
    }

    private static func readRuns(
        _ streams: UnsafeRawBufferPointer, _ header: LabelFrame.Header,
        _ rowStarts: UnsafeMutableBufferPointer<UInt32>, _ runs: UnsafeMutableBufferPointer<UInt32>
    ) throws(CodecError) {
        guard let base = streams.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            throw .invalidLabels(.symbols, found: 0)
        }
        var reader = LabelStreamReader(base, header)
        for row in 0..<rowStarts.count - 1 { try reader.readRow(row, rowStarts, runs) }
        guard reader.isAtEnd else { throw .invalidLabels(.symbols, found: header.symbolByteCount) }
        rowStarts[rowStarts.count - 1] = UInt32(header.runCount)
    }
}

/// The three streams of a label frame as they are read.
private struct LabelStreamReader {
    private var symbols: UnsafePointer<UInt8>
    private let symbolEnd: UnsafePointer<UInt8>
    private var numbers: UnsafePointer<UInt8>
    private let numberEnd: UnsafePointer<UInt8>
    private var lengths: UnsafePointer<UInt8>
    private let lengthEnd: UnsafePointer<UInt8>
    private let header: LabelFrame.Header
    private let numberByteCount: Int
    private let lengthByteCount: Int
    private var runCount = 0
    private var repeats = 0

    init(_ base: UnsafePointer<UInt8>, _ header: LabelFrame.Header) {
        symbols = base
        symbolEnd = base + header.symbolByteCount
        numbers = symbolEnd
        numberEnd = numbers + header.numberByteCount
        lengths = numberEnd
        lengthEnd = lengths + header.lengthByteCount
        self.header = header
        numberByteCount = LabelFrame.numberByteCount(valueCount: header.valueCount)
        lengthByteCount = LabelFrame.lengthByteCount(rowLength: header.rowLength)
    }

    /// Whether all of the streams was used, and all runs are there.
    var isAtEnd: Bool {
        symbols == symbolEnd && numbers == numberEnd && lengths == lengthEnd && repeats == 0
            && runCount == header.runCount
    }

    private func invalid(_ found: Int) -> CodecError { .invalidLabels(.symbols, found: found) }

    /// Reads a row; those before it are there already.
    mutating func readRow(
        _ row: Int, _ rowStarts: UnsafeMutableBufferPointer<UInt32>,
        _ runs: UnsafeMutableBufferPointer<UInt32>
    ) throws(CodecError) {
        rowStarts[row] = UInt32(truncatingIfNeeded: runCount)
        let reference = LabelFrame.reference(ofRow: row, rowsOfPlane: header.rowsOfPlane)
        let referenceRuns = reference.map { Int(rowStarts[$0])..<Int(rowStarts[$0 + 1]) } ?? 0..<0
        if repeats == 0 {
            guard symbols < symbolEnd else { throw invalid(row) }
            if symbols.pointee >= LabelFrame.repeats {
                repeats = Int(symbols.pointee) - 127
                symbols += 1
            }
        }
        guard repeats > 0 else {
            let below = row - header.rowsOfPlane
            let belowRuns = below >= 0 ? Int(rowStarts[below])..<Int(rowStarts[below + 1]) : 0..<0
            return try readRuns(referenceRuns, belowRuns, runs)
        }
        repeats -= 1
        guard !referenceRuns.isEmpty, runCount + referenceRuns.count <= runs.count else { throw invalid(row) }
        for run in referenceRuns {
            runs[runCount] = runs[run]
            runCount += 1
        }
    }

    private mutating func readRuns(
        _ reference: Range<Int>, _ planeBefore: Range<Int>, _ runs: UnsafeMutableBufferPointer<UInt32>
    ) throws(CodecError) {
        var atHand = reference.lowerBound
        var below = planeBefore.lowerBound
        var start = 0
        var last = UInt32.max
        while start < header.rowLength {
            guard symbols < symbolEnd, symbols.pointee < LabelFrame.repeats, runCount < runs.count else {
                throw invalid(start)
            }
            let symbol = symbols.pointee
            symbols += 1
            var source = -1
            let named: UInt32
            switch symbol >> 5 {
            case LabelFrame.Relation.atHand: source = atHand
            case LabelFrame.Relation.behind: source = atHand + 1
            default: break
            }
            if source >= 0 {
                guard source < reference.upperBound else { throw invalid(start) }
                named = runs[source]
            } else if symbol >> 5 == LabelFrame.Relation.planeBefore {
                while below < planeBefore.upperBound, Int(runs[below] & 0xFFFF) <= start { below += 1 }
                guard below < planeBefore.upperBound else { throw invalid(start) }
                named = runs[below]
            } else {
                guard symbol & 31 == LabelFrame.byLength else { throw invalid(Int(symbol)) }
                named = try nextNumber() << 16
            }
            let end =
                symbol & 31 == LabelFrame.byLength
                ? start + (try nextLength()) : Int(named & 0xFFFF) + Self.deviation(symbol & 31)
            guard end > start, end <= header.rowLength, named >> 16 != last else { throw invalid(start) }
            last = named >> 16
            runs[runCount] = UInt32(truncatingIfNeeded: end) | last << 16
            runCount += 1
            while atHand < reference.upperBound, Int(runs[atHand] & 0xFFFF) <= end { atHand += 1 }
            if atHand == source { atHand += 1 }
            start = end
        }
    }

    /// 0, -1, 1, -2, … for 0, 1, 2, 3, …
    @inline(__always)
    private static func deviation(_ code: UInt8) -> Int {
        code & 1 == 0 ? Int(code >> 1) : -Int(code >> 1) - 1
    }

    @inline(__always)
    private mutating func nextNumber() throws(CodecError) -> UInt32 {
        guard let number = Self.next(&numbers, before: numberEnd, byteCount: numberByteCount) else {
            throw invalid(header.numberByteCount)
        }
        guard number < header.valueCount else { throw .invalidLabels(.palette, found: number) }
        return UInt32(truncatingIfNeeded: number)
    }

    @inline(__always)
    private mutating func nextLength() throws(CodecError) -> Int {
        guard let length = Self.next(&lengths, before: lengthEnd, byteCount: lengthByteCount) else {
            throw invalid(header.lengthByteCount)
        }
        return length + 1
    }

    /// The next integer of one or two bytes of a stream, nil at its end.
    @inline(__always)
    private static func next(
        _ position: inout UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>, byteCount: Int
    ) -> Int? {
        guard end - position >= byteCount else { return nil }
        defer { position += byteCount }
        return byteCount == 2 ? Int(position[0]) | Int(position[1]) << 8 : Int(position[0])
    }
}
