extension String {
    /// The canonical text of a statement, without a semicolon. Parsing it gives an equal statement.
    package init(_ statement: Statement) {
        var printer = SyntaxPrinter()
        printer.statement(statement)
        self = printer.text
    }

    /// The canonical text of an expression.
    package init(_ expression: Expression) {
        var printer = SyntaxPrinter()
        printer.expression(expression)
        self = printer.text
    }

    /// The canonical text of a path, with its version.
    package init(_ path: PathSyntax) {
        var printer = SyntaxPrinter()
        printer.path(path)
        self = printer.text
    }
}

extension Statement: CustomStringConvertible {
    /// The canonical text.
    package var description: String { String(self) }
}

/// Statements.
extension SyntaxPrinter {
    mutating func statement(_ statement: Statement) {
        switch statement {
        case .selectVolume(let node): volumeQuery(node)
        case .selectRows(let node): rowQuery(node)
        case .findIDs, .findIDAt, .findPoints, .boundingBox, .countVoxels, .statisticsOf, .histogramOf:
            shortForm(statement)
        case .show(let node): show(node)
        case .insertCutout, .deleteCutout, .updateCutout, .copyCutout, .importFiles, .exportFiles,
            .downsample:
            write(statement)
        case .label(let node, _): label(node)
        case .createResource(let node): createResource(node)
        case .alterResource(let node): alterResource(node)
        case .dropResource(let node): dropResource(node)
        case .setMetadata(let node): setMetadata(node)
        case .unsetMetadata(let node):
            word("UNSET", "METADATA", "ON")
            path(node.path)
            list(node.keys) { $0.text($1) }
        case .describePath(let node, _):
            word("DESCRIBE")
            path(node)
        case .describeStatement(let node, _):
            word("DESCRIBE")
            self.statement(node)
        case .unsupported(let node): word(node.text)
        default: sessionStatement(statement)
        }
    }

    private mutating func sessionStatement(_ statement: Statement) {
        switch statement {
        case .use(let node, _):
            word("USE")
            if let node { path(node) }
        case .transaction(let node, _): transaction(node)
        case .setting(let node): setting(node)
        case .prepare(let node):
            word("PREPARE")
            identifier(node.name)
            word("AS")
            self.statement(node.statement)
        case .execute(let node): execute(node)
        case .deallocate(let name, _):
            word("DEALLOCATE")
            identifier(name)
        case .explain(let node):
            word("EXPLAIN")
            word(if: node.isAnalyzed, "ANALYZE")
            if let format = node.format { word("(FORMAT", Self.spelling(of: format) + ")") }
            self.statement(node.statement)
        case .maintenance(let node, _): maintenance(node)
        case .job(let node, _): job(node)
        case .version(let node, _): version(node)
        default: break
        }
    }

    private mutating func shortForm(_ statement: Statement) {
        switch statement {
        case .findIDs(let node):
            word("FIND", "IDS", "IN")
            path(node.path)
            region(node.region)
            condition(node.condition)
            limit(node.limit)
        case .findPoints(let node):
            word("FIND", "POINTS", "IN")
            path(node.path)
            region(node.region)
            condition(node.condition)
            limit(node.limit)
        case .findIDAt(let node):
            word("FIND", "ID", "AT")
            point(node.point)
            word("IN")
            path(node.path)
            region(node.region)
        case .boundingBox(let node):
            word("BBOX", "OF", "ID")
            list(node.ids) { $0.scalar($1) }
            word("IN")
            path(node.path)
            region(node.region)
            if let fit = node.fit { word(fit.value.rawValue) }
            if let unit = node.unit { word("UNITS", unit.value.rawValue) }
        case .countVoxels(let node):
            word("COUNT", "VOXELS", "IN")
            path(node.path)
            region(node.region)
            condition(node.condition)
            word(if: node.groupsByID, "BY", "ID")
        case .statisticsOf(let call), .histogramOf(let call):
            word(call.function.value.rawValue, "OF")
            tableFunctionArguments(call)
        default: break
        }
    }

    private mutating func show(_ node: ShowStatement) {
        word("SHOW", node.subject.value.rawValue)
        if let target = node.target {
            if let preposition = target.preposition { word(preposition.rawValue) }
            switch target.object {
            case .path(let path): self.path(path)
            case .user(let name): keyedName("USER", name)
            case .group(let name): keyedName("GROUP", name)
            case .apiLimit(let name): keyedName("API", name)
            case .job(let number): word("JOB", String(number.value))
            case .system: word("SYSTEM")
            case .everyone: word("PUBLIC")
            }
        }
        if let object = node.object {
            word("OF", "ID")
            scalar(object)
        }
        if let pattern = node.pattern {
            word("LIKE")
            text(pattern)
        }
    }

    mutating func keyedName(_ keyword: String, _ name: Located<String>) {
        word(keyword)
        self.name(name)
    }
}
