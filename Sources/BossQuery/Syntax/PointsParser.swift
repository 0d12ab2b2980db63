import BossDatabase

/// Statements about meshes, and about points layers: those are checked, and kept as text.
extension Parser {
    /// A statement that ends here and that nothing executes yet.
    func unsupported(_ feature: String, from start: TextMark, hint: String? = nil) -> Statement {
        .unsupported(
            UnsupportedStatement(
                feature: feature, text: lexer.string(from: start.offset, to: previousEnd.offset),
                position: span(from: start), hint: hint))
    }

    /// What follows INSERT when it is not CUTOUT.
    mutating func insertPoints(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.into)
        _ = try path()
        try expect(.leftParenthesis)
        repeat { _ = try identifier("a column") } while accept(.comma)
        try expect(.rightParenthesis)
        try expect(.values)
        repeat {
            try expect(.leftParenthesis)
            repeat { _ = try rowExpression() } while accept(.comma)
            try expect(.rightParenthesis)
        } while accept(.comma)
        return unsupported(
            "INSERT INTO a points layer", from: start, hint: "INSERT CUTOUT INTO path writes voxels")
    }

    /// What follows UPDATE when it is not CUTOUT.
    mutating func updatePoints(from start: TextMark) throws(DatabaseError) -> Statement {
        _ = try path("CUTOUT or a path")
        try expect(.set)
        repeat {
            _ = try identifier("a column")
            try expect(.equal)
            _ = try rowExpression()
        } while accept(.comma)
        _ = try rowCondition()
        return unsupported("UPDATE of a points layer", from: start)
    }

    /// What follows DELETE when it is not CUTOUT.
    mutating func deletePoints(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.from)
        _ = try path()
        _ = try region()
        _ = try rowCondition()
        return unsupported(
            "DELETE FROM a points layer", from: start, hint: "DELETE CUTOUT FROM path deletes voxels")
    }

    mutating func putMesh() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.put, .mesh, .into)
        let path = try path()
        try expect(.of, .id)
        let id = try scalar()
        try expect(.from, .file)
        let file = try text("a file name")
        return .label(.putMesh(id, path, file: file), span(from: start))
    }

    /// What follows CREATE POINTS.
    mutating func createPoints(from start: TextMark) throws(DatabaseError) -> Statement {
        _ = try ifNotExists()
        _ = try path()
        try expect(.leftParenthesis)
        repeat {
            _ = try identifier("a column")
            _ = try choice(TypeName.self)
        } while accept(.comma)
        try expect(.rightParenthesis)
        return unsupported("CREATE POINTS", from: start)
    }

    /// What follows CREATE ROI.
    mutating func createROI(from start: TextMark) throws(DatabaseError) -> Statement {
        _ = try ifNotExists()
        _ = try path()
        try expect(.as)
        if accept(.box) {
            _ = try point()
            try expect(.to)
            _ = try point()
        } else {
            try expect(.of, .id)
            _ = try scalar()
            try expect(.in)
            _ = try path()
        }
        return unsupported("CREATE ROI", from: start)
    }
}
