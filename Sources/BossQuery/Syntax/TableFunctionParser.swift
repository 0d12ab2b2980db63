import BossDatabase

/// Table functions, and the short forms that are written like them.
extension Parser {
    /// `NAME(path ...)`; a name and a bracket are next.
    ///
    /// - Throws: 42883 for an unknown name.
    mutating func tableFunction() throws(DatabaseError) -> TableFunctionCall {
        let start = token.start
        let function = try tableFunctionName()
        try expect(.leftParenthesis)
        var call = TableFunctionCall(
            function: function, path: try path(), region: emptyRegion(), position: function.position)
        switch function.value {
        case .ids, .objects, .runs, .pages, .history:
            call.region = try region()
        case .stats: try statsArguments(into: &call)
        case .histogram: try histogramArguments(into: &call)
        case .voxels:
            call.region = try region()
            call.condition = try voxelCondition()
        case .sample:
            try expect(.at)
            call.points = try pointList()
            call.region = try region()
        case .contacts:
            call.region = try region()
            if accept(.min) { call.minimumFaces = try count() }
        case .overlap:
            try expect(.comma)
            call.otherPath = try path()
            call.region = try region()
        case .diff: try diffArguments(into: &call)
        case .levels, .metadata: break
        case .supervoxels:
            let objectStart = token.start
            try expect(.of, .id)
            let id = try scalar()
            call.region.shape = .object(id, padding: nil, span(from: objectStart))
            call.region.position = span(from: objectStart)
        }
        try expect(.rightParenthesis)
        call.position = span(from: start)
        return call
    }

    private mutating func tableFunctionName() throws(DatabaseError) -> Located<TableFunction> {
        let name = try word("a table function")
        let spelling = name.isQuoted ? "" : name.text.uppercased()
        let canonical = spelling == "CUBOIDS" ? TableFunction.pages.rawValue : spelling
        guard let function = TableFunction(rawValue: canonical) else {
            let near = NearMiss.best(for: spelling, among: TableFunction.allCases.map(\.rawValue))
            throw DatabaseError(
                "42883", "there is no table function \(name.text)",
                hint: near.map { "did you mean \($0)?" }
                    ?? "table functions are \(TableFunction.allCases.map(\.rawValue).joined(separator: ", "))",
                position: name.position.source)
        }
        return Located(function, name.position)
    }

    private func emptyRegion() -> RegionSyntax {
        RegionSyntax(position: NodePosition(token.start.position(to: token.start)))
    }

    private mutating func statsArguments(into call: inout TableFunctionCall) throws(DatabaseError) {
        if accept(.within) { call.within = try path() }
        call.region = try region()
        if accept(.by) { call.grouping = try grouping([.id, .z, .t, .page]) }
    }

    private mutating func histogramArguments(into call: inout TableFunctionCall) throws(DatabaseError) {
        call.region = try region()
        while true {
            let option = token
            if accept(.bins) {
                try refuseRepetition(call.binCount == nil, option)
                call.binCount = try count()
            } else if accept(.range) {
                try refuseRepetition(call.valueRange == nil, option)
                let lower = try scalar()
                try expect(.comma)
                call.valueRange = ValueRange(lower: lower, upper: try scalar())
            } else {
                return
            }
        }
    }

    private mutating func diffArguments(into call: inout TableFunctionCall) throws(DatabaseError) {
        let example = "for example DIFF(lab/mouse1/em FROM release1 TO main BY PAGE)"
        try expect(.from, hint: example)
        let from = try version()
        try expect(.to, hint: example)
        call.versions = VersionPair(from: from, to: try version())
        call.region = try region()
        try expect(.by, hint: example)
        call.grouping = try grouping([.page, .id, .voxel])
    }

    private mutating func grouping(_ allowed: [Grouping]) throws(DatabaseError) -> Located<Grouping> {
        let position = NodePosition(token.position)
        for grouping in allowed {
            if let keyword = Keyword(word: grouping.rawValue), accept(keyword) {
                return Located(grouping, position)
            }
        }
        throw unexpected()
    }

    private mutating func pointList() throws(DatabaseError) -> PointList {
        if case .parameter = token.kind {
            let number = try parameter()
            return .parameter(number.value, number.position)
        }
        guard token.isSymbol(.leftParenthesis) else { throw unexpected("a list of points or a parameter") }
        advance()
        var points: [PointSyntax] = []
        repeat { points.append(try point()) } while accept(.comma)
        try expect(.rightParenthesis)
        return .points(points)
    }

    /// - Throws: 42601 when an option comes a second time.
    func refuseRepetition(_ isFirst: Bool, _ option: Token) throws(DatabaseError) {
        if isFirst { return }
        throw DatabaseError(
            "42601", "\(option.keyword?.text ?? "the option") is given twice", position: option.position)
    }
}

/// FIND, BBOX, COUNT, STATS OF, HISTOGRAM OF.
extension Parser {
    mutating func find() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.find)
        if accept(.id) {
            try expect(.at)
            let point = try point()
            try expect(.in)
            let path = try path()
            return .findIDAt(
                FindIDAt(point: point, path: path, region: try region(), position: span(from: start)))
        }
        let findsPoints = accept(.points)
        if !findsPoints { try expect(.ids) }
        try expect(.in)
        let path = try path()
        let region = try region()
        let condition = try rowCondition()
        let limit = accept(.limit) ? try count() : nil
        let position = span(from: start)
        return findsPoints
            ? .findPoints(
                FindPoints(path: path, region: region, condition: condition, limit: limit, position: position)
            )
            : .findIDs(
                FindIDs(path: path, region: region, condition: condition, limit: limit, position: position))
    }

    mutating func boundingBox() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.bbox, .of, .id)
        let ids = try scalars()
        try expect(.in)
        let path = try path()
        let region = try region()
        let fit = try acceptChoice(BoundingBoxQuery.Fit.self)
        let unit = accept(.units) ? try unit() : nil
        return .boundingBox(
            BoundingBoxQuery(
                ids: ids, path: path, region: region, fit: fit, unit: unit, position: span(from: start)))
    }

    /// One or more constants or parameters.
    mutating func scalars() throws(DatabaseError) -> [Scalar] {
        var scalars: [Scalar] = []
        repeat { scalars.append(try scalar()) } while accept(.comma)
        return scalars
    }

    /// A unit that stands alone.
    mutating func unit() throws(DatabaseError) -> Located<MeasurementUnit> {
        var ahead = lexer
        ahead.move(to: token.start)
        guard let unit = MeasurementUnit(spelling: ahead.unitSuffix()) else {
            throw unexpected("a unit such as nm")
        }
        let start = token.start
        previousEnd = ahead.mark
        previousName = nil
        lexer = ahead
        readToken()
        return Located(unit, span(from: start))
    }

    mutating func countVoxels() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.count, .voxels, .in)
        let path = try path()
        let region = try region()
        let condition = try voxelCondition()
        let groupsByID = try accept(.by, .id)
        return .countVoxels(
            CountVoxels(
                path: path, region: region, condition: condition, groupsByID: groupsByID,
                position: span(from: start)))
    }

    mutating func statisticsOf() throws(DatabaseError) -> Statement {
        let start = token.start
        let function = Located(TableFunction.stats, NodePosition(token.position))
        try expect(.stats, .of)
        var call = TableFunctionCall(
            function: function, path: try path(), region: emptyRegion(), position: function.position)
        try statsArguments(into: &call)
        call.position = span(from: start)
        return .statisticsOf(call)
    }

    mutating func histogramOf() throws(DatabaseError) -> Statement {
        let start = token.start
        let function = Located(TableFunction.histogram, NodePosition(token.position))
        try expect(.histogram, .of)
        var call = TableFunctionCall(
            function: function, path: try path(), region: emptyRegion(), position: function.position)
        try histogramArguments(into: &call)
        call.position = span(from: start)
        return .histogramOf(call)
    }
}
