import BossDatabase

/// A bound query as text for SQLite.
///
/// Nothing that a user wrote gets into the text: sources are `s0`, `s1`, their columns `c0`, `c1`, constants are
/// parameters `:p0`, `:p1`, and only numbers of our own stand in it.
struct SQLWriter {
    private(set) var text = ""
    /// The values of the parameters.
    private(set) var constants: [Value] = []
    /// What `IN` looks up in tables of their own, `l0`, `l1`: lists too long for parameters.
    private(set) var lists: [[Value]] = []
    /// Where functions stand that may refuse their arguments.
    private(set) var places: [NodePosition] = []
    private var constantNumbers: [Value: Int] = [:]

    /// Longer lists become tables.
    private static let longestList = 32

    static func source(_ number: Int) -> String { "s\(number)" }
    static func column(_ index: Int) -> String { "c\(index)" }
    static func list(_ number: Int) -> String { "l\(number)" }

    /// The whole query.
    mutating func write(_ query: BoundQuery) {
        text += query.isDistinct ? "SELECT DISTINCT " : "SELECT "
        separated(query.outputs.enumerated()) { writer, output in
            writer.write(output.element.expression)
            writer.text += " AS \(Self.column(output.offset))"
        }
        write(from: query)
        clause(" WHERE ", query.condition)
        if !query.groups.isEmpty {
            text += " GROUP BY "
            separated(query.groups) { writer, group in writer.reference(group, query) }
        }
        clause(" HAVING ", query.having)
        writeOrder(query)
        if query.limit != nil || query.offset > 0 {
            text += " LIMIT \(query.limit ?? -1) OFFSET \(query.offset)"
        }
    }

    /// The distinct values of some expressions over the sources of a query.
    mutating func write(
        distinct expressions: [BoundExpression], of query: BoundQuery, where conditions: [BoundExpression]
    ) {
        text += "SELECT DISTINCT "
        separated(expressions) { writer, expression in writer.write(expression) }
        write(from: query)
        if !conditions.isEmpty {
            text += " WHERE "
            joined(conditions[...], "AND")
        }
    }

    private mutating func write(from query: BoundQuery) {
        text += " FROM "
        for source in query.sources {
            if let join = source.join { text += join == .left ? " LEFT JOIN " : " JOIN " }
            switch source.content {
            case .table: text += Self.source(source.number)
            case .query(let inner):
                text += "("
                write(inner)
                text += ") AS \(Self.source(source.number))"
            }
            clause(" ON ", source.condition)
        }
    }

    /// Rows that compare equal keep the order of their sources.
    private mutating func writeOrder(_ query: BoundQuery) {
        guard !query.keys.isEmpty else { return }
        text += " ORDER BY "
        separated(query.keys) { writer, key in
            writer.reference(key.expression, query)
            writer.text += key.isDescending ? " DESC" : " ASC"
            writer.text += key.nullsFirst ? " NULLS FIRST" : " NULLS LAST"
        }
        guard !query.isGrouped, !query.isDistinct else { return }
        for source in query.sources where source.content == .table {
            text += ", \(Self.source(source.number)).rowid"
        }
    }

    /// A column of the result by its number, or an expression.
    private mutating func reference(_ expression: BoundExpression, _ query: BoundQuery) {
        if let index = query.outputs.firstIndex(where: { $0.expression == expression }) {
            text += "\(index + 1)"
        } else {
            write(expression)
        }
    }

    private mutating func clause(_ word: String, _ condition: BoundExpression?) {
        guard let condition else { return }
        text += word
        write(condition)
    }

    // MARK: Expressions

    mutating func write(_ expression: BoundExpression) {
        switch expression.node {
        case .column(let source, let index): text += "\(Self.source(source)).\(Self.column(index))"
        case .constant(let value): write(value)
        case .call(let function, let operands): write(function, operands, expression.position)
        case .aggregate(let aggregate, let operand, let isDistinct):
            text += aggregate.sqlName + (isDistinct ? "(DISTINCT " : "(")
            if let operand { write(operand) } else { text += "*" }
            text += ")"
        case .choice(let parts): write(choice: parts)
        case .scalar(let query): write(scalar: query, expression.position)
        case .exists(let query):
            text += "EXISTS "
            bracketed { $0.write(query) }
        case .isInQuery(let operand, let query):
            bracketed {
                $0.write(operand)
                $0.text += " IN "
                $0.bracketed { $0.write(query) }
            }
        case .isInList(let operand, let values): write(operand, isIn: values)
        case .voxel(let lookup, let operands):
            text += "\(RowStore.voxelFunction)(\(lookup), "
            separated(operands) { writer, operand in writer.write(operand) }
            text += ", \(place(expression.position)))"
        }
    }

    private mutating func write(
        _ function: RowOperator, _ operands: [BoundExpression], _ position: NodePosition
    ) {
        switch function {
        case .and: bracketed { $0.joined(operands[...], "AND") }
        case .or: bracketed { $0.joined(operands[...], "OR") }
        case .not:
            text += "(NOT "
            write(operands[0])
            text += ")"
        case .isNull:
            bracketed {
                $0.write(operands[0])
                $0.text += " IS NULL"
            }
        case .concatenate: bracketed { $0.infix(operands, "||") }
        case .compare(let symbol): bracketed { $0.infix(operands, symbol.rawValue) }
        case .compareByValue(let symbol):
            bracketed {
                $0.write(.function(.compare, .int64), operands, position)
                $0.text += " \(symbol.rawValue) 0"
            }
        case .coalesce: call("COALESCE", operands)
        case .length: call("LENGTH", operands)
        case .substring: call("SUBSTR", operands)
        case .function(let function, let type):
            text += function.sqlName + "("
            separated(operands) { writer, operand in writer.write(operand) }
            text += ", \(TypeName.allCases.firstIndex(of: type) ?? 0), \(place(position)))"
        }
    }

    private mutating func call(_ name: String, _ operands: [BoundExpression]) {
        text += name
        bracketed { $0.separated(operands) { writer, operand in writer.write(operand) } }
    }

    private mutating func infix(_ operands: [BoundExpression], _ symbol: String) {
        write(operands[0])
        text += " \(symbol) "
        write(operands[1])
    }

    /// Halved again and again, since SQLite limits how deep expressions are.
    private mutating func joined(_ operands: ArraySlice<BoundExpression>, _ word: String) {
        guard operands.count > 1 else {
            if let only = operands.first { write(only) }
            return
        }
        let middle = (operands.startIndex + operands.endIndex) / 2
        bracketed { $0.joined(operands[..<middle], word) }
        text += " \(word) "
        bracketed { $0.joined(operands[middle...], word) }
    }

    private mutating func write(choice parts: [BoundExpression]) {
        text += "CASE"
        var index = 0
        while index + 1 < parts.count {
            text += " WHEN "
            write(parts[index])
            text += " THEN "
            write(parts[index + 1])
            index += 2
        }
        if index < parts.count {
            text += " ELSE "
            write(parts[index])
        }
        text += " END"
    }

    /// The only row of a query, NULL for none; a second one is refused.
    private mutating func write(scalar query: BoundQuery, _ position: NodePosition) {
        text += "(SELECT \(RowFunction.only.sqlName)(COUNT(*), MIN(c0), 0, \(place(position))) FROM ("
        write(query)
        text += "))"
    }

    private mutating func write(_ operand: BoundExpression, isIn values: [Value]) {
        bracketed { writer in
            writer.write(operand)
            guard values.count > Self.longestList else {
                writer.text += " IN "
                writer.bracketed { $0.separated(values) { $0.write($1) } }
                return
            }
            let number = writer.lists.firstIndex(of: values) ?? writer.lists.count
            if number == writer.lists.count { writer.lists.append(values) }
            writer.text += " IN \(Self.list(number))"
        }
    }

    private mutating func write(_ value: Value) {
        let number = constantNumbers[value] ?? constants.count
        if number == constants.count {
            constants.append(value)
            constantNumbers[value] = number
        }
        text += ":p\(number)"
    }

    private mutating func place(_ position: NodePosition) -> Int {
        places.append(position)
        return places.count - 1
    }

    private mutating func bracketed(_ body: (inout SQLWriter) -> Void) {
        text += "("
        body(&self)
        text += ")"
    }

    private mutating func separated<Elements: Sequence>(
        _ elements: Elements, _ body: (inout SQLWriter, Elements.Element) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { text += ", " }
            body(&self, element)
        }
    }
}

extension RowAggregate {
    /// SQLite's own where it is right for IDs, else ours.
    fileprivate var sqlName: String {
        switch self {
        case .count: "COUNT"
        case .min: "MIN"
        case .max: "MAX"
        case .sum: "boss_sum"
        case .avg: "boss_avg"
        }
    }
}
