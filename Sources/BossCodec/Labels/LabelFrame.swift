import BossGeometry
import BossVoxels

/// Labels of a brick as runs along x, each told by the row above it: the stored bytes of codec `label`.
///
/// Byte table, little-endian:
///
///      0  u8  version, 1           1  u8  1 if the streams are a Blosc frame (Zstandard), 0 if they stand as they are
///      2  u16 voxels of a row      4  u16 rows of a plane        6  u16 0
///      8  u32 values               12 u32 runs
///     16  u32 bytes of the symbols 20 u32 bytes of the numbers   24 u32 bytes of the lengths
///     28  the palette: values ascending, the first and each difference to the one before as LEB128
///         the streams: symbols, numbers, lengths
///
/// Rows follow one another by y, then z. The **reference row** of a row is the one before it in its plane, that of a
/// plane's first row the first of the plane before; the very first row has none. A symbol of 128 and more says that
/// the next (symbol - 127) rows equal their reference rows. Any other symbol is one run: its upper bits tell the
/// value, its lower five the end.
///
///     0  the value of the reference run at hand       2  a value by its number, from the numbers
///     1  the value of the reference run behind it     3  the value in the plane before, at the place of the run's start
///
/// The end is that of the run named, plus 0, -1, 1, -2, … 15 for 0…30; 31 takes the length of the run from the lengths,
/// as a value of kind 2 always does. The reference run at hand is the first at the start of a row; after a run it is
/// the first that ends behind the run's end, or the next one if that is the run that gave the value. Numbers take one byte, above 256
/// values two; lengths are less one and take one byte, in rows of more than 256 voxels two.
///
/// Boundaries of objects move little from row to row, so most symbols are the same few ones, and the entropy coder
/// of Zstandard makes a few bits of each (docs/decisions/0010-label-codec.md).
enum LabelFrame {
    static let version: UInt8 = 1
    static let headerByteCount = 28

    /// Which run a symbol takes its value from.
    enum Relation {
        static let atHand: UInt8 = 0
        static let behind: UInt8 = 1
        static let named: UInt8 = 2
        static let planeBefore: UInt8 = 3
    }
    /// The deviation of ends that are told by their length.
    static let byLength: UInt8 = 31
    /// Symbols from here on repeat reference rows.
    static let repeats: UInt8 = 128
    static let longestRepeat = 128

    /// Runs that a brick may have to be stored like this: they take at most a quarter of the voxels' memory, the palette at
    /// most half.
    static func runLimit(brickByteCount: Int) -> Int { brickByteCount / 16 }

    /// Bytes of a number in the palette.
    static func numberByteCount(valueCount: Int) -> Int { valueCount > 256 ? 2 : 1 }
    /// Bytes of the length of a run.
    static func lengthByteCount(rowLength: Int) -> Int { rowLength > 256 ? 2 : 1 }

    /// The row that a row is told by, nil for the first.
    @inline(__always)
    static func reference(ofRow row: Int, rowsOfPlane: Int) -> Int? {
        row % rowsOfPlane != 0 ? row - 1 : row >= rowsOfPlane ? row - rowsOfPlane : nil
    }

    /// The fields of the header that vary.
    struct Header: Hashable {
        var isCompressed: Bool
        var rowLength: Int
        var rowsOfPlane: Int
        var valueCount: Int
        var runCount: Int
        var symbolByteCount: Int
        var numberByteCount: Int
        var lengthByteCount: Int

        /// Bytes of the three streams.
        var streamByteCount: Int { symbolByteCount + numberByteCount + lengthByteCount }

        func write(to bytes: UnsafeMutableRawBufferPointer) {
            func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
                bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
            }
            store(LabelFrame.version, at: 0)
            store(UInt8(isCompressed ? 1 : 0), at: 1)
            store(UInt16(rowLength), at: 2)
            store(UInt16(rowsOfPlane), at: 4)
            store(UInt16(0), at: 6)
            store(UInt32(valueCount), at: 8)
            store(UInt32(runCount), at: 12)
            store(UInt32(symbolByteCount), at: 16)
            store(UInt32(numberByteCount), at: 20)
            store(UInt32(lengthByteCount), at: 24)
        }
    }
}

extension LabelFrame.Header {
    /// Reads a header and checks that it can be that of a brick.
    ///
    /// - Parameter voxelCount: voxels of the brick.
    /// - Throws: `frameTooShort`, `invalidLabels`.
    init(
        _ bytes: UnsafeRawBufferPointer, voxelCount: Int, voxelByteCount: Int
    ) throws(CodecError) {
        guard bytes.count >= LabelFrame.headerByteCount else {
            throw .frameTooShort(needed: LabelFrame.headerByteCount, found: bytes.count)
        }
        func half(_ offset: Int) -> Int {
            Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        }
        func word(_ offset: Int) -> Int {
            Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        guard bytes[0] == LabelFrame.version else { throw .invalidLabels(.version, found: Int(bytes[0])) }
        guard bytes[1] <= 1 else { throw .invalidLabels(.version, found: Int(bytes[1])) }
        guard half(6) == 0 else { throw .invalidLabels(.version, found: half(6)) }
        self.init(
            isCompressed: bytes[1] == 1, rowLength: half(2), rowsOfPlane: half(4), valueCount: word(8),
            runCount: word(12), symbolByteCount: word(16), numberByteCount: word(20),
            lengthByteCount: word(24))
        try validate(voxelCount: voxelCount, voxelByteCount: voxelByteCount)
    }

    private func validate(voxelCount: Int, voxelByteCount: Int) throws(CodecError) {
        guard rowLength > 0, rowsOfPlane > 0, voxelCount > 0,
            voxelCount % (rowLength * rowsOfPlane) == 0, voxelCount <= Int(UInt32.max)
        else { throw .invalidLabels(.shape, found: rowLength * rowsOfPlane) }
        let rowCount = voxelCount / rowLength
        guard runCount >= rowCount,
            runCount <= LabelFrame.runLimit(brickByteCount: voxelCount * voxelByteCount)
        else { throw .invalidLabels(.runs, found: runCount) }
        guard valueCount >= 1, valueCount <= min(runCount, RunArray.paletteLimit) else {
            throw .invalidLabels(.palette, found: valueCount)
        }
        guard symbolByteCount <= runCount + rowCount, numberByteCount <= 2 * runCount,
            lengthByteCount <= 2 * runCount
        else { throw .invalidLabels(.symbols, found: streamByteCount) }
    }
}
