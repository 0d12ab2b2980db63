import BossDatabase

/// Values brought to a common type, and CAST.
extension RowBinder {
    /// A text that is a time as one; times stay.
    ///
    /// - Throws: 22007 for a constant that is no time, 42804.
    func time(_ value: BoundExpression) throws(DatabaseError) -> BoundExpression {
        guard let type = value.type, type != .timestamp else { return value }
        guard case .constant(.text(let text)) = value.node else {
            throw DatabaseError(
                "42804", "a time was expected here",
                hint: type.family == .text ? "CAST(... AS TIMESTAMP) reads texts as times" : nil,
                position: value.position.source)
        }
        guard let microseconds = TimeText.microseconds(text) else {
            throw DatabaseError(
                "22007", "'\(text)' is not a time", hint: TimeText.hint, position: value.position.source)
        }
        return BoundExpression(.constant(.timestamp(microseconds: microseconds)), .timestamp, value.position)
    }

    /// Values in the one type that holds them all.
    ///
    /// - Throws: 42804 where there is none, such as for IDs and negative numbers.
    func unified(_ values: [BoundExpression]) throws(DatabaseError) -> ([BoundExpression], ColumnType?) {
        let hasTimes = values.contains { $0.type == .timestamp }
        var typed: [BoundExpression] = []
        for value in values { typed.append(hasTimes ? try time(value) : value) }
        var common: ColumnType?
        // Small constants take the type of what stands beside them.
        for value in typed.filter({ !$0.isNaturalConstant }) + typed.filter(\.isNaturalConstant) {
            guard let type = value.type else { continue }
            guard let sofar = common else {
                common = type
                continue
            }
            if sofar == .uint64, value.isNaturalConstant { continue }
            guard let both = sofar.common(with: type) else {
                throw DatabaseError(
                    "42804", "\(type.rawValue) and \(sofar.rawValue) have no common type",
                    hint: "CAST one of them", position: value.position.source)
            }
            common = both
        }
        guard let common else { return (typed, nil) }
        return (typed.map { coerced($0, to: common) }, common)
    }

    /// A value in a type that holds it.
    private func coerced(_ value: BoundExpression, to type: ColumnType) -> BoundExpression {
        guard let from = value.type, from != type else {
            return BoundExpression(value.node, type, value.position)
        }
        switch (value.node, type) {
        case (.constant(.integer(let number)), .uint64), (.constant(.integer(let number)), .uint32):
            return BoundExpression(.constant(.unsigned(UInt64(clamping: number))), type, value.position)
        case (.constant(.integer(let number)), .float64):
            return BoundExpression(.constant(.float(Double(number))), type, value.position)
        case (_, .float64):
            return BoundExpression(.call(.function(.convert, .float64), [value]), type, value.position)
        default: return BoundExpression(value.node, type, value.position)
        }
    }

    /// CASE, and IF as one.
    mutating func choice(
        _ branches: [CaseBranch], _ otherwise: Expression?, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        var conditions: [BoundExpression] = []
        var results: [BoundExpression] = []
        for branch in branches {
            conditions.append(try boolean(branch.condition))
            results.append(try bind(branch.result))
        }
        if let otherwise { results.append(try bind(otherwise)) }
        let (values, type) = try unified(results)
        var parts = zip(conditions, values).flatMap { [$0, $1] }
        if otherwise != nil { parts.append(values[values.count - 1]) }
        return BoundExpression(.choice(parts), type, position)
    }

    /// CAST and CLAMP to a type.
    func conversion(
        _ value: BoundExpression, _ type: Located<TypeName>, _ isSaturating: Bool, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        let target = type.value.columnType
        guard let family = value.type?.family else { return BoundExpression(value.node, target, position) }
        func refused() -> DatabaseError {
            DatabaseError(
                "42804", "\(value.type?.rawValue ?? "NULL") cannot be made \(type.value.rawValue)",
                position: position.source)
        }
        if isSaturating, family != .number || target.family != .number { throw refused() }
        switch (family, target.family) {
        case (.number, .number), (.text, .number), (.number, .text), (.number, .boolean), (.text, .boolean),
            (.boolean, .number), (.text, .time):
            break
        case (.boolean, .text):
            func word(_ text: String) -> BoundExpression {
                BoundExpression(.constant(.text(text)), .text, position)
            }
            let isFalse = BoundExpression(.call(.not, [value]), .boolean, position)
            return BoundExpression(.choice([value, word("true"), isFalse, word("false")]), .text, position)
        case (.text, .text) where target == .json && value.type == .text: break
        case (.text, .text), (.boolean, .boolean), (.bytes, .bytes), (.time, .time):
            return BoundExpression(value.node, target, position)
        default: throw refused()
        }
        if target == .json, family != .text { throw refused() }
        let function: RowFunction = isSaturating ? .saturate : .convert
        return BoundExpression(.call(.function(function, type.value), [value]), target, position)
    }
}

extension BoundExpression {
    /// An integer constant that is not below zero, and fits every wide integer type.
    fileprivate var isNaturalConstant: Bool {
        if case .constant(.integer(let value)) = node { value >= 0 } else { false }
    }
}
