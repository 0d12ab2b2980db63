/// The inside of an object in one plane of voxels: stretches of a row, one by one.
public struct MaskRun: Hashable, Sendable {
    /// The row, absolute.
    public let y: Int
    /// The voxels that are inside, absolute.
    public let x: Range<Int>

    /// A stretch of a row.
    public init(y: Int, x: Range<Int>) {
        self.y = y
        self.x = x
    }
}

/// One plane of voxels as bits, with a row and a column of background around it.
struct MaskPlane: Sendable {
    let wordsPerRow: Int
    private var words: [UInt64]
    /// Words in which a row has cells with an inside corner, first and one past the last.
    private var spans: [(lower: Int32, upper: Int32)]

    /// An empty plane.
    init(width: Int, height: Int) {
        wordsPerRow = Self.wordsPerRow(width: width)
        words = Array(repeating: 0, count: wordsPerRow * (height + 2))
        spans = Array(repeating: Self.noSpan, count: height + 2)
    }

    private static let noSpan = (lower: Int32.max, upper: Int32(0))

    private static func wordsPerRow(width: Int) -> Int { (width + 2 + 63) / 64 }

    /// Memory of a plane, `Int.max` where it does not fit.
    static func byteCount(width: Int, height: Int) -> Int {
        let (count, overflow) = (wordsPerRow(width: width) * 8 + 8).multipliedReportingOverflow(
            by: height + 2)
        return overflow ? Int.max : count
    }

    /// Rows, the border included.
    var rowCount: Int { spans.count }

    /// The words of a row that matter.
    func span(_ row: Int) -> (lower: Int32, upper: Int32) { spans[row] }

    func word(_ row: Int, _ index: Int) -> UInt64 {
        index < wordsPerRow ? words[row * wordsPerRow + index] : 0
    }

    /// Whether a voxel is inside, the border counted as column and row 0.
    func contains(_ column: Int, _ row: Int) -> Bool {
        words[row * wordsPerRow + column >> 6] >> UInt64(column & 63) & 1 == 1
    }

    /// Sets columns of a row, the border counted as column and row 0.
    mutating func insert(_ columns: Range<Int>, row: Int) {
        guard let last = columns.last else { return }
        let (firstWord, lastWord) = (columns.lowerBound >> 6, last >> 6)
        let start = row * wordsPerRow
        for index in firstWord...lastWord {
            var bits = UInt64.max
            if index == firstWord { bits &= .max << UInt64(columns.lowerBound & 63) }
            if index == lastWord { bits &= .max >> UInt64(63 - last & 63) }
            words[start + index] |= bits
        }
        // The cell before the first voxel has it as a corner.
        let lower = Int32(truncatingIfNeeded: (columns.lowerBound - 1) >> 6)
        spans[row].lower = min(spans[row].lower, lower)
        spans[row].upper = max(spans[row].upper, Int32(truncatingIfNeeded: lastWord + 1))
    }

    /// Empties the plane; costs what it holds.
    mutating func removeAll() {
        for row in spans.indices where spans[row].upper > 0 {
            for index in Int(spans[row].lower)..<Int(spans[row].upper) {
                words[row * wordsPerRow + index] = 0
            }
            spans[row] = Self.noSpan
        }
    }
}
