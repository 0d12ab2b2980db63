import BossDatabase
import BossGeometry

/// The region clause, points and bounds.
extension Parser {
    /// Reads region items as long as there are any.
    ///
    /// - Throws: 42601 for a repeated item or two shapes.
    mutating func region() throws(DatabaseError) -> RegionSyntax {
        let start = token.start
        var region = RegionSyntax(position: NodePosition(start.position(to: start)))
        while try regionItem(into: &region) { region.position = span(from: start) }
        return region
    }

    /// Reads one item if one is next.
    private mutating func regionItem(into region: inout RegionSyntax) throws(DatabaseError) -> Bool {
        let item = token
        for axis in Axis.allCases {
            guard accept(axis.keyword) else { continue }
            try once(region[axis] == nil, item)
            region[axis] = try axisClause(from: item.start)
            try checkShape(of: region, at: item)
            return true
        }
        if accept(.res) {
            try once(region.resolution == nil, item)
            region.resolution = try resolutionClause(from: item.start)
        } else if accept(.coords) {
            try once(region.coordinates == nil, item)
            try expect(.res)
            region.coordinates = try integer()
        } else if accept(.outside) {
            try once(region.outside == nil, item)
            region.outside = try outsideClause(from: item.start)
        } else if token.keyword == .in, peek().keyword == .roi {
            advance()
            advance()
            try once(region.regionOfInterest == nil, item)
            region.regionOfInterest = try path()
        } else if let shape = try shape() {
            try once(region.shape == nil, item)
            region.shape = shape
            try checkShape(of: region, at: item)
        } else {
            return false
        }
        return true
    }

    private func once(_ isFirst: Bool, _ item: Token) throws(DatabaseError) {
        if isFirst { return }
        let name = item.keyword?.text ?? "the item"
        throw DatabaseError(
            "42601", "\(name) cannot stand here: the region already has one of its kind",
            position: item.position)
    }

    /// BOX and AROUND say everything about x, y and z already.
    private func checkShape(of region: RegionSyntax, at item: Token) throws(DatabaseError) {
        guard region.x != nil || region.y != nil || region.z != nil else { return }
        switch region.shape {
        case .box, .around:
            throw DatabaseError(
                "42601", "ranges of X, Y and Z cannot stand beside BOX or AROUND", hint: "give one of them",
                position: item.position)
        case .object, nil: return
        }
    }

    private mutating func resolutionClause(from start: TextMark) throws(DatabaseError) -> ResolutionClause {
        let choice: ResolutionClause.Choice
        if accept(.at) {
            choice = .voxelSize(try quantity("a voxel size such as 32nm").value)
        } else {
            choice = .level(try integer().value)
        }
        let isIsotropic = accept(.iso)
        return ResolutionClause(choice: choice, isIsotropic: isIsotropic, position: span(from: start))
    }

    private mutating func outsideClause(from start: TextMark) throws(DatabaseError) -> OutsideClause {
        let policy: OutsideClause.Policy
        if accept(.error) {
            policy = .error
        } else if accept(.clip) {
            policy = .clip
        } else {
            try expect(.fill)
            policy = .fill(isAtScalar ? try scalar() : nil)
        }
        return OutsideClause(policy: policy, position: span(from: start))
    }

    private mutating func shape() throws(DatabaseError) -> RegionShape? {
        let start = token.start
        if accept(.box) {
            let first = try point()
            try expect(.to)
            let second = try point()
            return .box(first, second, span(from: start))
        }
        if accept(.around) {
            let center = try point()
            try expect(.size)
            let size = try size(allowsOne: true)
            return .around(center, size: size, span(from: start))
        }
        if token.keyword == .of, peek().keyword == .id {
            advance()
            advance()
            let id = try scalar()
            let padding = accept(.pad) ? try integer() : nil
            return .object(id, padding: padding, span(from: start))
        }
        return nil
    }

    /// Three sizes; where `allowsOne`, one size may stand for all.
    mutating func size(allowsOne: Bool) throws(DatabaseError) -> SizeSyntax {
        let start = token.start
        let x = try integer().value
        if allowsOne, !isAtCommaAndInteger {
            return SizeSyntax(x: x, y: x, z: x, position: span(from: start))
        }
        try expect(.comma)
        let y = try integer().value
        try expect(.comma)
        let z = try integer().value
        return SizeSyntax(x: x, y: y, z: z, position: span(from: start))
    }

    /// Whether the size goes on; a comma may also begin another source, whose path may start with digits.
    private var isAtCommaAndInteger: Bool {
        guard token.isSymbol(.comma) else { return false }
        let next = peek()
        guard case .integer = next.kind else { return false }
        guard next.end.offset < lexer.bytes.count else { return true }
        let after = lexer.bytes[next.end.offset]
        return !after.isNameByte && after != UInt8(ascii: "/") && after != UInt8(ascii: "@")
    }

    /// What follows the name of an axis.
    mutating func axisClause(from start: TextMark) throws(DatabaseError) -> AxisClause {
        if accept(.star) { return AxisClause(range: .all, position: span(from: start)) }
        let lower = isAtBound ? try bound() : nil
        guard accept(.colon) else {
            guard let lower else { throw unexpected("a coordinate") }
            return AxisClause(range: .single(lower), position: span(from: start))
        }
        let upper = isAtBound ? try bound() : nil
        let range: AxisClause.Range =
            lower == nil && upper == nil ? .all : .interval(lower: lower, upper: upper)
        return AxisClause(range: range, position: span(from: start))
    }

    private var isAtBound: Bool {
        switch token.kind {
        case .integer, .quantity, .parameter, .symbol(.minus): true
        default: false
        }
    }

    /// An end of a range or a coordinate; a minus sign is part of the number.
    mutating func bound() throws(DatabaseError) -> Bound {
        let start = token.start
        let isNegative = accept(.minus)
        switch token.kind {
        case .integer(let magnitude):
            let value = isNegative ? try negated(magnitude, from: start) : try coordinate(magnitude)
            advance()
            return .integer(value, span(from: start))
        case .quantity(let quantity):
            advance()
            return .quantity(isNegative ? quantity.negated : quantity, span(from: start))
        case .parameter where !isNegative:
            let number = try parameter()
            return .parameter(number.value, number.position)
        default:
            throw unexpected("a coordinate")
        }
    }

    private func coordinate(_ magnitude: UInt64) throws(DatabaseError) -> Int64 {
        guard let value = Int64(exactly: magnitude) else {
            throw DatabaseError(
                "22003", "\(magnitude) is too large for a coordinate", hint: "coordinates are within ±2^39",
                position: token.position)
        }
        return value
    }

    /// `(x, y, z)`.
    mutating func point() throws(DatabaseError) -> PointSyntax {
        let start = token.start
        guard token.isSymbol(.leftParenthesis) else { throw unexpected("a point (x, y, z)") }
        advance()
        let x = try bound()
        try expect(.comma)
        let y = try bound()
        try expect(.comma)
        let z = try bound()
        try expect(.rightParenthesis)
        return PointSyntax(x: x, y: y, z: z, position: span(from: start))
    }
}

extension Axis {
    var keyword: Keyword {
        switch self {
        case .x: .x
        case .y: .y
        case .z: .z
        case .t: .t
        }
    }
}
