/// Bounds of an integer expression, as far as they are known before any voxel is.
///
/// Operations whose results cannot leave INT64 or UINT64 are compiled without checks.
struct ValueRange: Hashable {
    let lower: Int128
    let upper: Int128

    init(_ lower: Int128, _ upper: Int128) { (self.lower, self.upper) = (lower, upper) }

    /// What a type holds; of a float nothing is known.
    init?(of type: VoxelType) {
        guard type.isInteger else { return nil }
        let width = Int128(type.byteCount * 8)
        self = type.isUnsigned ? Self(0, (1 << width) - 1) : Self(-(1 << (width - 1)), (1 << (width - 1)) - 1)
    }

    static let int64 = Self(Int128(Int64.min), Int128(Int64.max))
    static let uint64 = Self(0, Int128(UInt64.max))

    func isInside(_ other: Self) -> Bool { other.lower <= lower && upper <= other.upper }

    func union(_ other: Self) -> Self { Self(min(lower, other.lower), max(upper, other.upper)) }

    func clamped(to other: Self) -> Self {
        Self(max(other.lower, min(other.upper, lower)), min(other.upper, max(other.lower, upper)))
    }

    /// Whether FLOAT64 holds all of it exactly.
    var isExactInFloat: Bool { isInside(Self(-(1 << 53), 1 << 53)) }

    /// What an operation can give; both operands are at most 64 bits wide.
    func combined(_ operation: VoxelArithmetic, _ other: Self) -> Self {
        switch operation {
        case .add: return Self(lower + other.lower, upper + other.upper)
        case .subtract: return Self(lower - other.upper, upper - other.lower)
        case .multiply:
            // UINT64 times UINT64 may leave 128 bits; then it leaves 64 too.
            let products = [
                (lower, other.lower), (lower, other.upper), (upper, other.lower), (upper, other.upper),
            ]
            .map { left, right in
                let (product, isOver) = left.multipliedReportingOverflow(by: right)
                return isOver ? ((left < 0) == (right < 0) ? Int128.max : Int128.min) : product
            }
            return Self(products.min() ?? .min, products.max() ?? .max)
        case .divide, .divideWhole:
            let largest = max(magnitude, 0)
            return Self(lower < 0 || other.lower < 0 ? -largest : 0, largest)
        case .remainder:
            let largest = max(0, min(magnitude, other.magnitude - 1))
            return Self(lower < 0 ? -largest : 0, upper > 0 ? largest : 0)
        case .least: return Self(min(lower, other.lower), min(upper, other.upper))
        case .greatest: return Self(max(lower, other.lower), max(upper, other.upper))
        }
    }

    var absolute: Self {
        lower >= 0 ? self : upper <= 0 ? Self(-upper, -lower) : Self(0, magnitude)
    }

    private var magnitude: Int128 { max(abs(lower), abs(upper)) }
}
