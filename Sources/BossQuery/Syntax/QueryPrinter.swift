import BossGeometry

/// Volume queries, row queries and table functions.
extension SyntaxPrinter {
    mutating func volumeQuery(_ query: VolumeQuery) {
        word("SELECT", query.artifact.value.rawValue)
        if let expression = query.expression { self.expression(expression) }
        word("FROM")
        list(query.sources) { printer, source in
            printer.path(source.path)
            printer.alias(source.alias)
            printer.word(if: source.resamplesNearest, "RESAMPLE", "NEAREST")
        }
        if let plane = query.plane { self.plane(plane) }
        region(query.region)
        condition(query.condition)
        if let projection = query.projection {
            word("PROJECT", projection.function.value.rawValue, "ALONG")
            list(projection.axes) { $0.word($1.value.rawValue) }
        }
        format(query.format)
        switch query.destination {
        case .file(let name):
            word("INTO", "FILE")
            text(name)
        case .channel(let path):
            word("INTO")
            self.path(path)
        case nil: break
        }
    }

    mutating func condition(_ condition: Expression?) {
        guard let condition else { return }
        word("WHERE")
        expression(condition)
    }

    private mutating func plane(_ plane: PlaneClause) {
        word("PLANE")
        switch plane.kind {
        case .axes(let axes): word(axes.rawValue)
        case .tile(let axes, let size, let point):
            word(axes.rawValue, "SIZE", String(size.value), "AT")
            self.point(point)
        case .oblique(let plane):
            word("ORIGIN", Self.spelling(of: plane.origin), "U", Self.spelling(of: plane.u))
            word("V", Self.spelling(of: plane.v), "SIZE", "\(plane.width.value), \(plane.height.value)")
            if let step = plane.step { word("STEP", Self.spelling(of: step.value)) }
        }
        if let interpolation = plane.interpolation { word("INTERPOLATE", interpolation.value.rawValue) }
    }

    private static func spelling(of vector: VectorSyntax) -> String {
        "(\(spelling(of: vector.x)), \(spelling(of: vector.y)), \(spelling(of: vector.z)))"
    }

    mutating func format(_ format: FormatClause?) {
        guard let format else { return }
        word("FORMAT")
        identifier(format.name)
        guard !format.options.isEmpty else { return }
        brackets { $0.list(format.options) { $0.formatOption($1) } }
    }

    private mutating func formatOption(_ option: FormatOption) {
        word(option.keyword.text)
        switch option {
        case .quality(let quality): word(String(quality.value))
        case .window(let lower, let upper, _): list([lower, upper]) { $0.scalar($1) }
        case .color(let scheme): word(scheme.value.rawValue)
        case .scale(let scale): scalar(scale)
        case .over(let alias, let alpha, _):
            identifier(alias)
            word("ALPHA")
            scalar(alpha)
        }
    }

    mutating func rowQuery(_ query: RowQuery) {
        word("SELECT")
        word(if: query.isDistinct, "DISTINCT")
        list(query.items) { $0.selectItem($1) }
        word("FROM")
        rowSource(query.source)
        for join in query.joins { self.join(join) }
        condition(query.condition)
        if !query.groupBy.isEmpty {
            word("GROUP", "BY")
            list(query.groupBy) { $0.expression($1) }
        }
        if let having = query.having {
            word("HAVING")
            expression(having)
        }
        if !query.orderBy.isEmpty {
            word("ORDER", "BY")
            list(query.orderBy) { $0.orderItem($1) }
        }
        limit(query.limit)
        if let offset = query.offset {
            word("OFFSET")
            scalar(offset)
        }
        format(query.format)
        if let file = query.file {
            word("INTO", "FILE")
            text(file)
        }
    }

    mutating func limit(_ limit: Scalar?) {
        guard let limit else { return }
        word("LIMIT")
        scalar(limit)
    }

    private mutating func selectItem(_ item: SelectItem) {
        switch item {
        case .all(let qualifier, _): word(qualifier.map { Self.spelling(of: $0) + ".*" } ?? "*")
        case .expression(let expression, let alias):
            self.expression(expression)
            self.alias(alias)
        }
    }

    private mutating func orderItem(_ item: OrderItem) {
        expression(item.expression)
        word(if: item.isDescending, "DESC")
        if let nullsFirst = item.nullsFirst { word("NULLS", nullsFirst ? "FIRST" : "LAST") }
    }

    private mutating func join(_ join: JoinClause) {
        switch join.kind {
        case .cross: raw(",")
        case .inner: word("JOIN")
        case .left: word("LEFT", "JOIN")
        }
        rowSource(join.source)
        if let condition = join.condition {
            word("ON")
            expression(condition)
        }
    }

    private mutating func rowSource(_ source: RowSource) {
        switch source {
        case .function(let call, let alias):
            tableFunction(call)
            self.alias(alias)
        case .layer(let path, let alias, let region):
            self.path(path)
            self.alias(alias)
            self.region(region)
        case .view(let schema, let name, let alias):
            word(Self.spelling(of: schema) + "." + Self.spelling(of: name))
            self.alias(alias)
        case .subquery(let query, let alias, _):
            brackets { $0.rowQuery(query) }
            self.alias(alias)
        }
    }

    private mutating func tableFunction(_ call: TableFunctionCall) {
        word(call.function.value.rawValue)
        brackets(isCall: true) { $0.tableFunctionArguments(call) }
    }

    /// The arguments of a table function, or what follows OF in a short form.
    mutating func tableFunctionArguments(_ call: TableFunctionCall) {
        path(call.path)
        if let other = call.otherPath {
            raw(",")
            path(other)
        }
        if let within = call.within {
            word("WITHIN")
            path(within)
        }
        if let versions = call.versions {
            word("FROM", Self.spelling(of: versions.from), "TO", Self.spelling(of: versions.to))
        }
        switch call.points {
        case .points(let points):
            word("AT")
            brackets { $0.list(points) { $0.point($1) } }
        case .parameter(let number, _): word("AT", "$\(number)")
        case nil: break
        }
        region(call.region)
        condition(call.condition)
        if let grouping = call.grouping { word("BY", grouping.value.rawValue) }
        if let count = call.binCount {
            word("BINS")
            scalar(count)
        }
        if let range = call.valueRange {
            word("RANGE")
            list([range.lower, range.upper]) { $0.scalar($1) }
        }
        if let faces = call.minimumFaces {
            word("MIN")
            scalar(faces)
        }
    }
}
