import BossDatabase

/// The options of CREATE and ALTER by their first word.
enum ResourceOption: CaseIterable {
    case description, frame, levels, hierarchy, time
    case type, dataType, cuboid, codec, baseResolution, defaultTime, background, sources, related
    case levelWrites, autoDownsample

    /// What may follow the data type in CREATE CHANNEL.
    static let ofChannels: [ResourceOption] = [
        .description, .cuboid, .codec, .baseResolution, .defaultTime, .background, .sources, .related,
        .levelWrites, .autoDownsample,
    ]

    var keyword: Keyword {
        switch self {
        case .description: .description
        case .frame: .frame
        case .levels: .levels
        case .hierarchy: .hierarchy
        case .time: .time
        case .type: .type
        case .dataType: .datatype
        case .cuboid: .cuboid
        case .codec: .codec
        case .baseResolution: .base
        case .defaultTime: .default
        case .background: .background
        case .sources: .sources
        case .related: .related
        case .levelWrites: .level
        case .autoDownsample: .auto
        }
    }
}

extension ResourceOptions {
    /// Whether an option was written.
    func has(_ option: ResourceOption) -> Bool {
        switch option {
        case .description: description != nil
        case .frame: frame != nil
        case .levels: levels != nil
        case .hierarchy: hierarchy != nil
        case .time: time != nil
        case .type: type != nil
        case .dataType: dataType != nil
        case .cuboid: cuboid != nil
        case .codec: codec != nil
        case .baseResolution: baseResolution != nil
        case .defaultTime: defaultTime != nil
        case .background: background != nil
        case .sources: sources != nil
        case .related: related != nil
        case .levelWrites: levelWrites != nil
        case .autoDownsample: autoDownsample != nil
        }
    }
}

extension Parser {
    /// Reads one of the options if one is next.
    ///
    /// - Throws: 42601 for an option that was already given.
    mutating func option(
        of allowed: [ResourceOption], into options: inout ResourceOptions
    ) throws(DatabaseError) -> Bool {
        let first = token
        for option in allowed where accept(option.keyword) {
            try refuseRepetition(!options.has(option), first)
            try value(of: option, from: first.start, into: &options)
            return true
        }
        return false
    }

    private mutating func value(
        of option: ResourceOption, from start: TextMark, into options: inout ResourceOptions
    ) throws(DatabaseError) {
        switch option {
        case .description: options.description = try text("a description")
        case .frame: options.frame = try singleSegmentPath("the name of a frame")
        case .levels: options.levels = try integer()
        case .hierarchy: options.hierarchy = try choice(Hierarchy.self)
        case .time:
            let count = try integer()
            let step = accept(.step) ? try quantity("a time such as 5ms") : nil
            options.time = TimeAxisSyntax(sampleCount: count, step: step)
        case .type: options.type = try choice(ChannelType.self)
        case .dataType: options.dataType = try choice(TypeName.self)
        case .cuboid: options.cuboid = try size(allowsOne: false)
        case .codec: options.codec = try choice(CodecName.self)
        case .baseResolution:
            try expect(.res)
            options.baseResolution = try integer()
        case .defaultTime:
            try expect(.t)
            options.defaultTime = try signedInteger()
        case .background: options.background = try scalar()
        case .sources: options.sources = try paths()
        case .related: options.related = try paths()
        case .levelWrites:
            try expect(.writes)
            options.levelWrites = span(from: start)
        case .autoDownsample:
            try expect(.downsample)
            options.autoDownsample = span(from: start)
        }
    }

    private mutating func signedInteger() throws(DatabaseError) -> Located<Int64> {
        let start = token.start
        let isNegative = accept(.minus)
        guard case .integer(let magnitude) = token.kind else { throw unexpected("an integer") }
        if !isNegative, magnitude > UInt64(Int64.max) {
            throw DatabaseError(
                "22003", "\(magnitude) is too large here", hint: "the largest value is \(Int64.max)",
                position: token.position)
        }
        let value = isNegative ? try negated(magnitude, from: start) : Int64(magnitude)
        advance()
        return Located(value, span(from: start))
    }

    /// `(path, ...)`.
    private mutating func paths() throws(DatabaseError) -> [PathSyntax] {
        try expect(.leftParenthesis)
        var paths: [PathSyntax] = []
        repeat { paths.append(try path()) } while accept(.comma)
        try expect(.rightParenthesis)
        return paths
    }
}
