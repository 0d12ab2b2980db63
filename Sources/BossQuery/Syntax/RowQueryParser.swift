import BossDatabase

/// `SELECT` over rows.
extension Parser {
    mutating func rowQuery() throws(DatabaseError) -> RowQuery {
        let start = token.start
        let outer = dialect
        dialect = .rows
        defer { dialect = outer }
        try expect(.select)
        let isDistinct = accept(.distinct)
        if !isDistinct { _ = accept(.all) }
        var items: [SelectItem] = []
        repeat { items.append(try selectItem()) } while accept(.comma)
        try expect(.from)
        let source = try rowSource()
        let joins = try joins()
        let condition = try rowCondition()
        let groupBy = try accept(.group, .by) ? try rowExpressions() : []
        let having = accept(.having) ? try rowExpression() : nil
        let orderBy = try accept(.order, .by) ? try orderItems() : []
        let limit = accept(.limit) ? try count() : nil
        let offset = limit != nil && accept(.offset) ? try count() : nil
        let format = try format()
        var file: Located<String>?
        if try accept(.into, .file) { file = try text("a file name") }
        return RowQuery(
            isDistinct: isDistinct, items: items, source: source, joins: joins, condition: condition,
            groupBy: groupBy, having: having, orderBy: orderBy, limit: limit, offset: offset, format: format,
            file: file, position: span(from: start))
    }

    private mutating func selectItem() throws(DatabaseError) -> SelectItem {
        let start = token.start
        if accept(.star) { return .all(qualifier: nil, span(from: start)) }
        if let qualifier = acceptQualifiedStar() { return .all(qualifier: qualifier, span(from: start)) }
        let expression = try rowExpression()
        return .expression(expression, alias: try alias())
    }

    /// Takes `alias.*` if it is next.
    private mutating func acceptQualifiedStar() -> Identifier? {
        let alias: Identifier
        switch token.kind {
        case .word(let text, let keyword) where keyword?.isReserved != true:
            alias = Identifier(text, position: NodePosition(token.position))
        case .quotedIdentifier(let text):
            alias = Identifier(text, isQuoted: true, position: NodePosition(token.position))
        default: return nil
        }
        var ahead = lexer
        guard ahead.next().isSymbol(.dot), ahead.next().isSymbol(.star) else { return nil }
        advance()
        advance()
        advance()
        return alias
    }

    private mutating func rowExpressions() throws(DatabaseError) -> [Expression] {
        var expressions: [Expression] = []
        repeat { expressions.append(try rowExpression()) } while accept(.comma)
        return expressions
    }

    private mutating func orderItems() throws(DatabaseError) -> [OrderItem] {
        var items: [OrderItem] = []
        repeat {
            let expression = try rowExpression()
            let isDescending = accept(.desc)
            if !isDescending { _ = accept(.asc) }
            var nullsFirst: Bool?
            if accept(.nulls) {
                nullsFirst = accept(.first)
                if nullsFirst == false { try expect(.last) }
            }
            items.append(
                OrderItem(expression: expression, isDescending: isDescending, nullsFirst: nullsFirst))
        } while accept(.comma)
        return items
    }

    private mutating func rowSource() throws(DatabaseError) -> RowSource {
        let start = token.start
        if token.isSymbol(.leftParenthesis) {
            let query = try bracketedQuery()
            try expect(.as)
            return .subquery(query, alias: try word("a name"), span(from: start))
        }
        switch token.kind {
        case .word, .quotedIdentifier:
            let next = peek()
            if next.isSymbol(.leftParenthesis) {
                let call = try tableFunction()
                return .function(call, alias: try alias())
            }
            if next.isSymbol(.dot) {
                let schema = try identifier("a schema")
                try expect(.dot)
                let name = try word("the name of a view")
                return .view(schema: schema, name: name, alias: try alias())
            }
        default: break
        }
        let path = try path("a path, a table function or a query in brackets")
        let alias = try alias()
        return .layer(path, alias: alias, try region())
    }

    private mutating func joins() throws(DatabaseError) -> [JoinClause] {
        var joins: [JoinClause] = []
        while true {
            let start = token.start
            let kind: JoinClause.Kind
            if accept(.comma) {
                kind = .cross
            } else if try accept(.left, .join) {
                kind = .left
            } else if try accept(.inner, .join) || accept(.join) {
                kind = .inner
            } else {
                return joins
            }
            let source = try rowSource()
            var condition: Expression?
            if kind != .cross {
                try expect(.on)
                condition = try rowExpression()
            }
            joins.append(
                JoinClause(kind: kind, source: source, condition: condition, position: span(from: start)))
        }
    }
}
