import BossDatabase
import BossGeometry

/// `SELECT CUTOUT|SLICE|IMAGE|TILE|MESH`, and FORMAT, which row queries and files share.
extension Parser {
    /// A volume query or a row query; SELECT is next.
    mutating func query() throws(DatabaseError) -> Statement {
        let next = peek()
        if let keyword = next.keyword, VolumeArtifact(rawValue: keyword.text) != nil {
            return .selectVolume(try volumeQuery())
        }
        return .selectRows(try rowQuery())
    }

    mutating func volumeQuery() throws(DatabaseError) -> VolumeQuery {
        let start = token.start
        try expect(.select)
        let artifact = try choice(VolumeArtifact.self)
        let expression = isNext(.from) ? nil : try voxelExpression()
        try expect(.from)
        var sources: [VolumeSource] = []
        repeat { sources.append(try volumeSource()) } while accept(.comma)
        let plane = try plane()
        let region = try region()
        let condition = try voxelCondition()
        let projection = try projection()
        let format = try format()
        let destination = accept(.into) ? try volumeDestination() : nil
        return VolumeQuery(
            artifact: artifact, expression: expression, sources: sources, plane: plane, region: region,
            condition: condition, projection: projection, format: format, destination: destination,
            position: span(from: start))
    }

    private mutating func volumeSource() throws(DatabaseError) -> VolumeSource {
        let path = try path()
        let alias = try alias()
        let resamplesNearest = try accept(.resample, .nearest)
        return VolumeSource(path: path, alias: alias, resamplesNearest: resamplesNearest)
    }

    private mutating func volumeDestination() throws(DatabaseError) -> VolumeDestination {
        if token.keyword == .file, case .text = peek().kind {
            advance()
            return .file(try text("a file name"))
        }
        return .channel(try path("FILE and a name, or a path"))
    }

    private mutating func plane() throws(DatabaseError) -> PlaneClause? {
        let start = token.start
        guard accept(.plane) else { return nil }
        let kind: PlaneClause.Kind
        if let axes = try acceptChoice(PlaneAxes.self) {
            if accept(.size) {
                let size = try integer()
                try expect(.at)
                kind = .tile(axes.value, size: size, at: try point())
            } else {
                kind = .axes(axes.value)
            }
        } else {
            kind = .oblique(try obliquePlane())
        }
        let interpolation = accept(.interpolate) ? try choice(Interpolation.self) : nil
        return PlaneClause(kind: kind, interpolation: interpolation, position: span(from: start))
    }

    private mutating func obliquePlane() throws(DatabaseError) -> ObliquePlane {
        try expect(.origin)
        let origin = try vector()
        try expect(.u)
        let u = try vector()
        try expect(.v)
        let v = try vector()
        try expect(.size)
        let width = try integer()
        try expect(.comma)
        let height = try integer()
        let step = accept(.step) ? try quantity("a length such as 8nm") : nil
        return ObliquePlane(origin: origin, u: u, v: v, width: width, height: height, step: step)
    }

    private mutating func vector() throws(DatabaseError) -> VectorSyntax {
        let start = token.start
        guard token.isSymbol(.leftParenthesis) else { throw unexpected("a vector (x, y, z)") }
        advance()
        let x = try number()
        try expect(.comma)
        let y = try number()
        try expect(.comma)
        let z = try number()
        try expect(.rightParenthesis)
        return VectorSyntax(x: x, y: y, z: z, position: span(from: start))
    }

    /// A number that need not be whole.
    private mutating func number() throws(DatabaseError) -> Double {
        let isNegative = accept(.minus)
        let magnitude: Double
        switch token.kind {
        case .integer(let value): magnitude = Double(value)
        case .decimal(let value): magnitude = value
        default: throw unexpected("a number")
        }
        advance()
        return isNegative ? -magnitude : magnitude
    }

    private mutating func projection() throws(DatabaseError) -> ProjectionClause? {
        let start = token.start
        guard accept(.project) else { return nil }
        let function = try choice(ProjectionFunction.self)
        try expect(.along)
        var axes: [Located<Axis>] = []
        repeat {
            let axis = try choice(Axis.self)
            if axes.contains(axis) {
                throw DatabaseError(
                    "42601", "\(axis.value.rawValue) is projected twice", position: axis.position.source)
            }
            axes.append(axis)
        } while accept(.comma)
        return ProjectionClause(function: function, axes: axes, position: span(from: start))
    }

    /// `FORMAT name [(options)]`, or nil.
    mutating func format() throws(DatabaseError) -> FormatClause? {
        let start = token.start
        guard accept(.format) else { return nil }
        let name = try word("the name of a format")
        var options: [FormatOption] = []
        if accept(.leftParenthesis) {
            repeat {
                let option = token
                options.append(try formatOption())
                if options.dropLast().contains(where: { $0.keyword == option.keyword }) {
                    throw DatabaseError(
                        "42601", "\(option.keyword?.text ?? "the option") is given twice",
                        position: option.position)
                }
            } while accept(.comma)
            try expect(.rightParenthesis)
        }
        return FormatClause(name: name, options: options, position: span(from: start))
    }

    private mutating func formatOption() throws(DatabaseError) -> FormatOption {
        let start = token.start
        if accept(.quality) { return .quality(try unsigned()) }
        if accept(.color) { return .color(try choice(ColorScheme.self)) }
        if accept(.scale) { return .scale(try scalar()) }
        if accept(.window) {
            let lower = try scalar()
            try expect(.comma)
            let upper = try scalar()
            return .window(lower: lower, upper: upper, span(from: start))
        }
        try expect(.over)
        let alias = try identifier("an alias")
        try expect(.alpha)
        let alpha = try scalar()
        return .over(alias, alpha: alpha, span(from: start))
    }
}

extension FormatOption {
    var keyword: Keyword {
        switch self {
        case .quality: .quality
        case .window: .window
        case .color: .color
        case .scale: .scale
        case .over: .over
        }
    }
}
