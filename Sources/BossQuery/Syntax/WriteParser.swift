import BossDatabase

/// Statements that write voxels, and those about labels.
extension Parser {
    mutating func insert() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.insert)
        guard accept(.cutout) else { return try insertPoints(from: start) }
        try expect(.into)
        let path = try path()
        let region = try region()
        let mode = try mode()
        let source: InsertCutout.Source
        if accept(.values) {
            let number = try parameter()
            source = .parameter(number.value, number.position)
        } else if try accept(.from, .file) {
            let name = try text("a file name")
            source = .file(name, format: try format())
        } else {
            guard isNext(.select) else { throw unexpected() }
            source = .query(try volumeQuery())
        }
        return .insertCutout(
            InsertCutout(path: path, region: region, mode: mode, source: source, position: span(from: start)))
    }

    /// `MODE word`, or nil.
    private mutating func mode() throws(DatabaseError) -> Located<WriteMode>? {
        accept(.mode) ? try choice(WriteMode.self) : nil
    }

    mutating func delete() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.delete)
        guard accept(.cutout) else { return try deletePoints(from: start) }
        try expect(.from)
        let path = try path()
        let region = try region()
        let condition = try voxelCondition()
        return .deleteCutout(
            DeleteCutout(path: path, region: region, condition: condition, position: span(from: start)))
    }

    mutating func update() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.update)
        guard accept(.cutout) else { return try updatePoints(from: start) }
        let path = try path()
        let region = try region()
        try expect(.set)
        let target = try choice(UpdateCutout.Target.self)
        try expect(.equal)
        let expression = try voxelExpression()
        let condition = try voxelCondition()
        return .updateCutout(
            UpdateCutout(
                path: path, region: region, target: target, expression: expression, condition: condition,
                position: span(from: start)))
    }

    mutating func copy() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.copy)
        let source = try path()
        let region = try region()
        try expect(.to)
        let destination = try path()
        let point = accept(.at) ? try point() : nil
        let mode = try mode()
        return .copyCutout(
            CopyCutout(
                source: source, region: region, destination: destination, point: point, mode: mode,
                position: span(from: start)))
    }

    mutating func importFiles() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.import, .into)
        let path = try path()
        try expect(.from)
        _ = accept(.file)
        var node = ImportStatement(
            path: path, pattern: try text("a file name or pattern"), ordersByName: false,
            position: path.position)
        while try importOption(into: &node) {}
        node.position = span(from: start)
        return .importFiles(node)
    }

    private mutating func importOption(into node: inout ImportStatement) throws(DatabaseError) -> Bool {
        let option = token
        if isNext(.format) {
            try refuseRepetition(node.format == nil, option)
            node.format = try format()
        } else if accept(.at) {
            try refuseRepetition(node.point == nil, option)
            node.point = try point()
        } else if accept(.order) {
            try refuseRepetition(!node.ordersByName, option)
            try expect(.by, .name)
            node.ordersByName = true
        } else if isNext(.mode) {
            try refuseRepetition(node.mode == nil, option)
            node.mode = try mode()
        } else if accept(.async) {
            try refuseRepetition(node.asynchronous == nil, option)
            node.asynchronous = NodePosition(option.position)
        } else if accept(.workers) {
            try refuseRepetition(node.workers == nil, option)
            node.workers = try unsigned()
        } else {
            return false
        }
        return true
    }

    mutating func exportFiles() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.export)
        let path = try path()
        let region = try region()
        try expect(.to)
        let file = try text("a file name")
        let format = try format()
        let asynchronous = acceptAsync()
        return .exportFiles(
            ExportStatement(
                path: path, region: region, file: file, format: format, asynchronous: asynchronous,
                position: span(from: start)))
    }

    /// Where ASYNC stands, or nil.
    private mutating func acceptAsync() -> NodePosition? {
        let position = NodePosition(token.position)
        return accept(.async) ? position : nil
    }

    mutating func downsample() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.downsample)
        let path = try path()
        let levels = try levelSpan()
        let region = try region()
        let method = accept(.method) ? try choice(DownsampleStatement.Method.self) : nil
        let isDirtyOnly = try accept(.only, .dirty)
        let asynchronous = acceptAsync()
        return .downsample(
            DownsampleStatement(
                path: path, levels: levels, region: region, method: method, isDirtyOnly: isDirtyOnly,
                asynchronous: asynchronous, position: span(from: start)))
    }

    /// `RES n TO m`; `RES n` alone belongs to the region.
    private mutating func levelSpan() throws(DatabaseError) -> LevelSpan? {
        var ahead = lexer
        guard token.keyword == .res, case .integer = ahead.next().kind, ahead.next().keyword == .to else {
            return nil
        }
        advance()
        let from = try integer()
        try expect(.to)
        return LevelSpan(from: from, to: try integer())
    }
}

/// Labels as objects.
extension Parser {
    mutating func reserve() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.reserve)
        let count = try count()
        try expect(.ids, .in)
        let path = try path()
        return .label(.reserve(count: count, path), span(from: start))
    }

    mutating func mergeIDs(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.ids)
        let ids = try scalars()
        try expect(.into)
        let target = try scalar()
        try expect(.in)
        let path = try path()
        return .label(.merge(ids, into: target, path), span(from: start))
    }

    mutating func split() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.split, .id)
        let id = try scalar()
        try expect(.in)
        let path = try path()
        let region = try region()
        let condition = try voxelCondition()
        try expect(.into)
        let target = try scalar()
        return .label(.split(id, path, region, condition: condition, into: target), span(from: start))
    }

    mutating func cleave() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.cleave, .supervoxels)
        let supervoxels = try scalars()
        try expect(.from, .id)
        let id = try scalar()
        try expect(.in)
        let path = try path()
        return .label(.cleave(supervoxels, from: id, path), span(from: start))
    }

    mutating func relabel() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.relabel)
        let path = try path()
        try expect(.using)
        let parameter = try parameter()
        return .label(.relabel(path, parameter: parameter), span(from: start))
    }

    mutating func bake() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.bake, .mapping, .of)
        let path = try path()
        return .label(.bake(path), span(from: start))
    }
}
