import BossDatabase
import BossGeometry
import BossVoxels

/// The channels of a statement over voxels, and what its expressions call them.
struct VoxelSources {
    /// A channel and its names: an alias, or the last name of its path.
    struct Source {
        let channel: Channel
        let path: PathSyntax
        let alias: Identifier?

        func isNamed(_ name: Identifier) -> Bool {
            if let alias { return alias.folded == name.folded }
            return path.segments.last == name.text
        }
    }

    let all: [Source]

    /// Words for the voxel of a source.
    private static let voxelNames: Set<String> = ["value", "id"]
    static let axisNames: Set<String> = ["x", "y", "z", "t"]

    /// The source whose voxel a column is.
    ///
    /// - Throws: 42703 for an unknown name, or `VALUE` alone where there are several sources; 0A000 for coordinates.
    func number(ofColumn qualifier: Identifier?, _ name: Identifier) throws(DatabaseError) -> Int {
        if qualifier == nil, Self.axisNames.contains(name.folded) {
            throw StatementExecutor.notSupported(
                "\(name.text) in this condition", name.position,
                hint: "compare it with a number, joined to the rest by AND: WHERE Z < 40 AND ID = 7")
        }
        guard Self.voxelNames.contains(name.folded) else {
            throw DatabaseError(
                "42703", "there is no \(name.text) here", hint: "a voxel's value is called VALUE or ID",
                position: name.position.source)
        }
        guard let qualifier else {
            guard all.count == 1 else {
                throw DatabaseError(
                    "42703", "\(name.text) may be of any of the \(all.count) sources",
                    hint: "say which: \(names[0]).\(name.text)", position: name.position.source)
            }
            return 0
        }
        guard let number = all.firstIndex(where: { $0.isNamed(qualifier) }) else {
            throw DatabaseError(
                "42703", "no source is called \(qualifier.text)",
                hint: "known here: \(names.joined(separator: ", "))", position: qualifier.position.source)
        }
        return number
    }

    /// The axis that a column without a qualifier is.
    static func axis(_ qualifier: Identifier?, _ name: Identifier) -> Axis? {
        guard qualifier == nil, axisNames.contains(name.folded) else { return nil }
        return Axis(rawValue: name.folded.uppercased())
    }

    /// The source whose voxels a condition compares with constants; nil for anything more than that.
    ///
    /// - Throws: 42703.
    func testedSource(of expression: Expression) throws(DatabaseError) -> Int? {
        switch expression {
        case .unary(.not, let inner, _): return try testedSource(of: inner)
        case .binary(let operation, let left, let right, _) where operation.isComparison:
            return left.isPlainConstant
                ? try voxelSource(right) : right.isPlainConstant ? try voxelSource(left) : nil
        case .between(let value, let lower, let upper, _, _):
            return lower.isPlainConstant && upper.isPlainConstant ? try voxelSource(value) : nil
        case .isIn(let value, .list(let members), _, _):
            return members.allSatisfy(\.isPlainConstant) ? try voxelSource(value) : nil
        case .isIn(let value, .parameter, _, _): return try voxelSource(value)
        case .logical(_, let parts, _):
            var numbers: Set<Int?> = []
            for part in parts { numbers.insert(try testedSource(of: part)) }
            return numbers.count == 1 ? numbers.first ?? nil : nil
        default: return nil
        }
    }

    /// The source of a plain `VALUE` or `ID`.
    func voxelSource(_ expression: Expression) throws(DatabaseError) -> Int? {
        guard case .column(let qualifier, let name) = expression, Self.axis(qualifier, name) == nil else {
            return nil
        }
        return try number(ofColumn: qualifier, name)
    }

    private var names: [String] { all.map { $0.alias?.text ?? $0.path.segments.last ?? $0.channel.path } }

    /// The sources whose voxels a condition is about.
    ///
    /// - Throws: 42703, and 0A000 for what is more than comparing.
    func numbers(in expression: Expression) throws(DatabaseError) -> Set<Int> {
        switch expression {
        case .literal, .parameter: return []
        case .column(let qualifier, let name): return [try number(ofColumn: qualifier, name)]
        case .unary(_, let inner, _): return try numbers(in: inner)
        case .binary(_, let left, let right, _): return try numbers(in: [left, right])
        case .logical(_, let parts, _): return try numbers(in: parts)
        case .between(let value, let lower, let upper, _, _): return try numbers(in: [value, lower, upper])
        case .isIn(let value, .list(let members), _, _): return try numbers(in: [value] + members)
        case .isIn(let value, .parameter, _, _): return try numbers(in: value)
        default: throw StatementExecutor.notSupported("this in a condition on voxels", expression.position)
        }
    }

    private func numbers(in expressions: [Expression]) throws(DatabaseError) -> Set<Int> {
        var numbers: Set<Int> = []
        for expression in expressions { numbers.formUnion(try self.numbers(in: expression)) }
        return numbers
    }
}

extension Expression {
    /// Whether it is a number as it stands, or a parameter.
    var isPlainConstant: Bool {
        switch self {
        case .literal, .parameter, .unary(.minus, .literal, _): true
        default: false
        }
    }

    /// The same condition over the voxels of its only source, without the name of that.
    var withoutQualifiers: Expression {
        switch self {
        case .column(_, let name): .column(qualifier: nil, name: name)
        case .unary(let operation, let inner, let position):
            .unary(operation, inner.withoutQualifiers, position)
        case .binary(let operation, let left, let right, let position):
            .binary(operation, left.withoutQualifiers, right.withoutQualifiers, position)
        case .logical(let operation, let parts, let position):
            .logical(operation, parts.map(\.withoutQualifiers), position)
        case .between(let value, let lower, let upper, let isNegated, let position):
            .between(
                value.withoutQualifiers, lower: lower.withoutQualifiers, upper: upper.withoutQualifiers,
                isNegated: isNegated, position)
        case .isIn(let value, let set, let isNegated, let position):
            .isIn(value.withoutQualifiers, set, isNegated: isNegated, position)
        default: self
        }
    }
}

extension StatementExecutor {
    /// The values of a channel's voxels that fulfil a condition over them alone.
    func predicate(_ condition: Expression, of channel: Channel) throws(DatabaseError) -> VoxelPredicate {
        let condition = try ValueCondition(
            condition.withoutQualifiers, names: ["id", "value"], executor: self)
        let type = channel.voxelType
        return VoxelPredicate(within: channel.isAnnotation ? condition.ids : .all) {
            condition.matches(ConditionNumber(bits: $0, type: type))
        }
    }
}
