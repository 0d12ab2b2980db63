import BossGeometry
import BossVoxels

/// Writes runs as a label frame.
struct LabelFrameEncoder {
    private static let compression = BloscFrame.Setting(compressor: .zstd, level: 1, shuffledByteCount: 1)

    /// Bytes of a value as LEB128 at most.
    private static let valueByteLimit = 10

    /// Encodes an array, as long as the frame fits the output.
    ///
    /// - Returns: bytes of the frame, or nil if it is larger than the output.
    static func encode(
        _ array: RunArray, into output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> Int? {
        let bound = array.runCount * 5 + array.rowCount
        let streams = VoxelStorage(byteCount: 2 * bound, zeroed: false)
        let encoded = streams.withUnsafeMutableBytes { memory in
            Result { () throws(CodecError) -> Int? in
                try encode(array, streamBound: bound, memory, into: output)
            }
        }
        return try encoded.get()
    }

    private static func encode(
        _ array: RunArray, streamBound: Int, _ memory: UnsafeMutableRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> Int? {
        guard let base = memory.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var writer = LabelStreamWriter(
            symbols: base, numbers: base + array.runCount + array.rowCount,
            lengths: base + 3 * array.runCount + array.rowCount,
            numberByteCount: LabelFrame.numberByteCount(valueCount: array.valueCount),
            lengthByteCount: LabelFrame.lengthByteCount(rowLength: array.extent.x))
        array.withParts { _, rowStarts, runs in
            writer.write(rowStarts: rowStarts, runs: runs, rowsOfPlane: array.extent.y)
        }
        var header = LabelFrame.Header(
            isCompressed: false, rowLength: array.extent.x, rowsOfPlane: array.extent.y,
            valueCount: array.valueCount, runCount: array.runCount, symbolByteCount: writer.symbolCount,
            numberByteCount: writer.numberCount, lengthByteCount: writer.lengthCount)
        guard let paletteEnd = writePalette(of: array, into: output) else { return nil }

        // The streams one after the other, behind where they were made.
        let joined = UnsafeMutableRawBufferPointer(
            rebasing: memory[streamBound..<streamBound + header.streamByteCount])
        writer.join(into: joined)
        let room = UnsafeMutableRawBufferPointer(rebasing: output[paletteEnd...])
        let stored: Int
        if let compressed = try BloscFrame.compress(UnsafeRawBufferPointer(joined), into: room, compression) {
            header.isCompressed = true
            stored = compressed
        } else {
            guard room.count >= joined.count else { return nil }
            room.copyMemory(from: UnsafeRawBufferPointer(joined))
            stored = joined.count
        }
        header.write(to: output)
        return paletteEnd + stored
    }

    /// - Returns: where the palette ends, or nil if it does not fit.
    private static func writePalette(
        of array: RunArray, into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        array.withParts { palette, _, _ in
            var offset = LabelFrame.headerByteCount
            var last: UInt64 = 0
            for value in palette {
                guard output.count >= offset + valueByteLimit else { return nil }
                var difference = value &- last
                last = value
                while difference >= 0x80 {
                    output[offset] = UInt8(truncatingIfNeeded: difference) | 0x80
                    offset += 1
                    difference >>= 7
                }
                output[offset] = UInt8(truncatingIfNeeded: difference)
                offset += 1
            }
            return offset
        }
    }
}

/// The three streams of a label frame as they are made.
private struct LabelStreamWriter {
    private let symbols: UnsafeMutablePointer<UInt8>
    private let numbers: UnsafeMutablePointer<UInt8>
    private let lengths: UnsafeMutablePointer<UInt8>
    private let numberByteCount: Int
    private let lengthByteCount: Int
    private(set) var symbolCount = 0
    private(set) var numberCount = 0
    private(set) var lengthCount = 0

    init(
        symbols: UnsafeMutablePointer<UInt8>, numbers: UnsafeMutablePointer<UInt8>,
        lengths: UnsafeMutablePointer<UInt8>, numberByteCount: Int, lengthByteCount: Int
    ) {
        self.symbols = symbols
        self.numbers = numbers
        self.lengths = lengths
        self.numberByteCount = numberByteCount
        self.lengthByteCount = lengthByteCount
    }

    mutating func write(
        rowStarts: UnsafeBufferPointer<UInt32>, runs: UnsafeBufferPointer<UInt32>, rowsOfPlane: Int
    ) {
        func row(_ index: Int) -> UnsafeBufferPointer<UInt32> {
            UnsafeBufferPointer(rebasing: runs[Int(rowStarts[index])..<Int(rowStarts[index + 1])])
        }
        let none = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
        var repeated = 0
        for index in 0..<rowStarts.count - 1 {
            let current = row(index)
            let reference = LabelFrame.reference(ofRow: index, rowsOfPlane: rowsOfPlane).map(row) ?? none
            if current.elementsEqual(reference) {
                repeated += 1
                if repeated == LabelFrame.longestRepeat { writeRepeats(&repeated) }
                continue
            }
            writeRepeats(&repeated)
            write(current, reference, index >= rowsOfPlane ? row(index - rowsOfPlane) : none)
        }
        writeRepeats(&repeated)
    }

    private mutating func writeRepeats(_ count: inout Int) {
        guard count > 0 else { return }
        put(symbol: UInt8(truncatingIfNeeded: 127 + count))
        count = 0
    }

    private mutating func write(
        _ current: UnsafeBufferPointer<UInt32>, _ reference: UnsafeBufferPointer<UInt32>,
        _ planeBefore: UnsafeBufferPointer<UInt32>
    ) {
        var atHand = 0
        var below = 0
        var start = 0
        for run in current {
            let end = Int(run & 0xFFFF)
            let number = run >> 16
            while below < planeBefore.count, Int(planeBefore[below] & 0xFFFF) <= start { below += 1 }
            var source = -1
            if atHand < reference.count, reference[atHand] >> 16 == number {
                source = atHand
                put(LabelFrame.Relation.atHand, start, end, expected: Int(reference[atHand] & 0xFFFF))
            } else if atHand + 1 < reference.count, reference[atHand + 1] >> 16 == number {
                source = atHand + 1
                put(LabelFrame.Relation.behind, start, end, expected: Int(reference[source] & 0xFFFF))
            } else if below < planeBefore.count, planeBefore[below] >> 16 == number {
                put(LabelFrame.Relation.planeBefore, start, end, expected: Int(planeBefore[below] & 0xFFFF))
            } else {
                put(symbol: LabelFrame.Relation.named << 5 | LabelFrame.byLength)
                put(number: number)
                put(length: end - start)
            }
            while atHand < reference.count, Int(reference[atHand] & 0xFFFF) <= end { atHand += 1 }
            if atHand == source { atHand += 1 }
            start = end
        }
    }

    @inline(__always)
    private mutating func put(_ relation: UInt8, _ start: Int, _ end: Int, expected: Int) {
        let deviation = end - expected
        let code = deviation >= 0 ? 2 * deviation : -2 * deviation - 1
        if code < Int(LabelFrame.byLength) {
            put(symbol: relation << 5 | UInt8(truncatingIfNeeded: code))
        } else {
            put(symbol: relation << 5 | LabelFrame.byLength)
            put(length: end - start)
        }
    }

    @inline(__always)
    private mutating func put(symbol: UInt8) {
        symbols[symbolCount] = symbol
        symbolCount += 1
    }

    @inline(__always)
    private mutating func put(number: UInt32) {
        numbers[numberCount] = UInt8(truncatingIfNeeded: number)
        if numberByteCount == 2 { numbers[numberCount + 1] = UInt8(truncatingIfNeeded: number >> 8) }
        numberCount += numberByteCount
    }

    @inline(__always)
    private mutating func put(length: Int) {
        lengths[lengthCount] = UInt8(truncatingIfNeeded: length - 1)
        if lengthByteCount == 2 { lengths[lengthCount + 1] = UInt8(truncatingIfNeeded: (length - 1) >> 8) }
        lengthCount += lengthByteCount
    }

    /// Copies the streams one behind the other into memory of exactly their length.
    func join(into target: UnsafeMutableRawBufferPointer) {
        guard let base = target.baseAddress else { return }
        base.copyMemory(from: symbols, byteCount: symbolCount)
        (base + symbolCount).copyMemory(from: numbers, byteCount: numberCount)
        (base + symbolCount + numberCount).copyMemory(from: lengths, byteCount: lengthCount)
    }
}
