import BossDatabase
import BossGeometry

/// A condition taken apart: where it holds, and what it says about values there.
///
/// `Z < 40 AND ID = 7` holds in a box and a range of time samples; other conditions over coordinates stay in the rest.
struct CoordinateCondition {
    /// What is left of each axis; no entry where all of it is.
    private(set) var ranges: [Axis: Range<Int>] = [:]
    /// The rest; nil where every voxel there fulfils it.
    private(set) var values: Expression?

    /// Coordinates beyond this are never reached.
    private static let limit = Int128(VoxelPoint.coordinateLimit)

    /// Takes a condition apart.
    ///
    /// - Parameter axes: coordinates along others stay in the rest.
    init(
        _ condition: Expression?, along axes: Set<Axis> = Set(Axis.allCases), _ executor: StatementExecutor
    ) throws(DatabaseError) {
        var rest: [Expression] = []
        for part in condition.map(Self.conjuncts) ?? [] {
            if try !take(part, axes, executor) { rest.append(part) }
        }
        if rest.count > 1, let position = condition?.position {
            values = .logical(.and, rest, position)
        } else {
            values = rest.first
        }
    }

    private static func conjuncts(_ condition: Expression) -> [Expression] {
        guard case .logical(.and, let parts, _) = condition else { return [condition] }
        return parts.flatMap(conjuncts)
    }

    /// - Returns: false for a part that is about something else.
    private mutating func take(
        _ part: Expression, _ axes: Set<Axis>, _ executor: StatementExecutor
    ) throws(DatabaseError) -> Bool {
        switch part {
        case .binary(let comparison, let left, let right, _)
        where comparison.isComparison && comparison != .notEqual:
            if let axis = Self.axis(left, axes), right.isPlainConstant {
                try cut(axis, comparison, right, isSwapped: false, executor)
            } else if let axis = Self.axis(right, axes), left.isPlainConstant {
                try cut(axis, comparison, left, isSwapped: true, executor)
            } else {
                return false
            }
            return true
        case .between(let value, let lower, let upper, false, _):
            guard let axis = Self.axis(value, axes), lower.isPlainConstant, upper.isPlainConstant else {
                return false
            }
            try cut(axis, .greaterOrEqual, lower, isSwapped: false, executor)
            try cut(axis, .lessOrEqual, upper, isSwapped: false, executor)
            return true
        default: return false
        }
    }

    private static func axis(_ expression: Expression, _ axes: Set<Axis>) -> Axis? {
        guard case .column(let qualifier, let name) = expression,
            let axis = VoxelSources.axis(qualifier, name), axes.contains(axis)
        else { return nil }
        return axis
    }

    private mutating func cut(
        _ axis: Axis, _ comparison: BinaryOperator, _ bound: Expression, isSwapped: Bool,
        _ executor: StatementExecutor
    ) throws(DatabaseError) {
        let number = try ValueCondition.constant(bound, executor)
        guard !number.double.isNaN else {
            throw DatabaseError("22023", "NaN is no coordinate", position: bound.position.source)
        }
        /// The first coordinate that is not below the number, and the first one above it.
        let (notBelow, above) = (Self.ceiling(number), Self.floor(number) + 1)
        let (low, high) = (-Self.limit, Self.limit)
        let range: Range<Int128>
        switch (comparison, isSwapped) {
        case (.less, false), (.greater, true): range = low..<max(low, notBelow)
        case (.lessOrEqual, false), (.greaterOrEqual, true): range = low..<max(low, above)
        case (.greater, false), (.less, true): range = min(high, above)..<high
        case (.greaterOrEqual, false), (.lessOrEqual, true): range = min(high, notBelow)..<high
        default: range = notBelow..<max(notBelow, above)
        }
        let part = Int(range.lowerBound)..<Int(range.upperBound)
        ranges[axis] = ranges[axis].map { $0.clamped(to: part) } ?? part
    }

    private static func ceiling(_ number: ConditionNumber) -> Int128 { rounded(number, .up) }
    private static func floor(_ number: ConditionNumber) -> Int128 { rounded(number, .down) }

    private static func rounded(_ number: ConditionNumber, _ rule: FloatingPointRoundingRule) -> Int128 {
        switch number {
        case .integer(let value): return min(limit, max(-limit, value))
        case .float(let value):
            return Int128(min(Double(limit), max(-Double(limit), value.rounded(rule))))
        }
    }

    /// Whether all voxels and time samples are meant.
    var isEverywhere: Bool { ranges.isEmpty }

    /// The part of a box that is meant; nil where there is none.
    func part(of box: VoxelBox) -> VoxelBox? {
        func range(_ axis: SpatialAxis) -> Range<Int> {
            ranges[axis.axis].map { box[axis].clamped(to: $0) } ?? box[axis]
        }
        let part = VoxelBox(x: range(.x), y: range(.y), z: range(.z))
        return part.isEmpty ? nil : part
    }

    /// The time samples that are meant; nil where there are none.
    func part(of time: Range<Int>) -> Range<Int>? {
        let part = ranges[.t].map { time.clamped(to: $0) } ?? time
        return part.isEmpty ? nil : part
    }
}
