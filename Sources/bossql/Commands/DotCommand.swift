/// A line that starts with a dot, understood.
enum DotCommand: Hashable {
    case open(String)
    case quit
    case help(String?)
    /// nil shows the current one.
    case mode(OutputFormat?)
    case headers(Bool)
    case null(String)
    case width(Int)
    /// nil is standard output again.
    case output(String?)
    case once(String)
    case read(String)
    /// A statement made of `.import FILE PATH region`.
    case importing(statement: String)
    case schema(String?)
    case tree(String?)
    case setParameter(Int, ParameterLiteral)
    case listParameters
    case clearParameters
    case timer(Bool)
    case stats(Bool)
    case explain(Bool)
    case bail(Bool)
    case echo(Bool)
    case view(Int?)
    case last
    case save(String)
    case history
    /// nil ends the log.
    case log(String?)
    case connect

    /// Reads a line such as `.mode csv`. A `;` at its end does no harm.
    init(parsing line: String) throws(ShellError) {
        var words = Words(line)
        let written = words.next() ?? "."
        guard let command = DotCommandInfo.named(written) else {
            throw .unknownCommand(
                name: written, suggestion: NearMiss.best(for: written, among: DotCommandInfo.all.map(\.name)))
        }
        self = try Self.parse(command, &words)
        // A command that takes less than was written was misunderstood.
        if let extra = words.next() { throw command.refusal("unexpected \(extra)") }
    }

    private static func parse(_ command: DotCommandInfo, _ words: inout Words) throws(ShellError)
        -> DotCommand
    {
        switch command.name {
        case ".open": return .open(try command.required(&words, "a file name"))
        case ".quit", ".exit": return .quit
        case ".help": return .help(words.rest())
        case ".mode": return .mode(try mode(command, &words))
        case ".headers": return .headers(try command.flag(&words))
        case ".null": return .null(words.next() ?? "")
        case ".width":
            return .width(try command.number(try command.required(&words, "a width"), in: 0...100_000))
        case ".output": return .output(words.next())
        case ".once": return .once(try command.required(&words, "a file name"))
        case ".read": return .read(try command.required(&words, "a file name"))
        case ".import": return .importing(statement: try ImportStatement(command, &words).text)
        case ".schema": return .schema(words.next())
        case ".tree": return .tree(words.next())
        case ".param": return try parameter(command, &words)
        case ".timer": return .timer(try command.flag(&words))
        case ".stats": return .stats(try command.flag(&words))
        case ".explain": return .explain(try command.flag(&words))
        case ".bail": return .bail(try command.flag(&words))
        case ".echo": return .echo(try command.flag(&words))
        case ".view":
            guard let slice = words.next() else { return .view(nil) }
            return .view(try command.number(slice, in: 0...Int.max))
        case ".last": return .last
        case ".save": return .save(try command.required(&words, "a file name"))
        case ".history": return .history
        case ".log":
            let file = try command.required(&words, "a file name or off")
            return .log(file == "off" ? nil : file)
        default:
            // `.connect` takes a URL and a token.
            _ = words.rest()
            return .connect
        }
    }

    private static func mode(_ command: DotCommandInfo, _ words: inout Words) throws(ShellError)
        -> OutputFormat?
    {
        guard let word = words.next() else { return nil }
        guard let format = OutputFormat(rawValue: word.lowercased()) else {
            let near = NearMiss.best(for: word, among: OutputFormat.allCases.map(\.rawValue))
            throw command.refusal("unknown format \(word)" + (near.map { ", did you mean \($0)?" } ?? ""))
        }
        return format
    }

    private static func parameter(_ command: DotCommandInfo, _ words: inout Words) throws(ShellError)
        -> DotCommand
    {
        switch words.next() {
        case "set":
            var name = try command.required(&words, "a parameter number")
            if name.hasPrefix("$") { name.removeFirst() }
            let number = try command.number(name, in: 1...999)
            guard let value = words.rest() else { throw command.refusal("a value is missing") }
            return .setParameter(number, try ParameterLiteral(parsing: value))
        case "list": return .listParameters
        case "clear": return .clearParameters
        default: throw command.refusal("write set, list or clear")
        }
    }

    /// The words of a line: blanks separate, `'...'` and `"..."` keep them.
    struct Words {
        private var remainder: Substring

        init(_ line: String) {
            var text = line[...]
            while let last = text.last, last.isWhitespace || last == ";" { text.removeLast() }
            remainder = text
        }

        private mutating func skipBlanks() { remainder = remainder.drop { $0.isWhitespace } }

        /// The next word without its quotes.
        mutating func next() -> String? {
            skipBlanks()
            guard let first = remainder.first else { return nil }
            if first == "'" || first == "\"", let end = remainder.dropFirst().firstIndex(of: first) {
                let word = remainder[remainder.index(after: remainder.startIndex)..<end]
                remainder = remainder[remainder.index(after: end)...]
                return String(word)
            }
            let word = remainder.prefix { !$0.isWhitespace }
            remainder = remainder[word.endIndex...]
            return String(word)
        }

        /// All that is left, as written.
        mutating func rest() -> String? {
            skipBlanks()
            defer { remainder = "" }
            return remainder.isEmpty ? nil : String(remainder)
        }
    }
}

/// `.import FILE PATH region` as a statement.
///
/// With a region, or anything that IMPORT does not take, it is an INSERT of one file into that region;
/// else an IMPORT of one file or a pattern of files.
private struct ImportStatement {
    let text: String

    init(_ command: DotCommandInfo, _ words: inout DotCommand.Words) throws(ShellError) {
        let file = try command.required(&words, "a file name")
        let path = try command.required(&words, "a channel")
        let clauses = words.rest() ?? ""
        let literal = "'" + file.replacing("'", with: "''") + "'"
        let firstWord = clauses.prefix { !$0.isWhitespace && $0 != "(" }.uppercased()
        let hasFormat = clauses.uppercased().split(separator: " ").contains("FORMAT")
        let format = hasFormat ? nil : Self.format(of: file)
        let formatClause = format.map { " FORMAT \($0)" } ?? ""
        if ["", "FORMAT", "AT", "ORDER", "MODE", "ASYNC", "WORKERS"].contains(firstWord) {
            text =
                "IMPORT INTO \(path) FROM \(literal)\(formatClause)\(clauses.isEmpty ? "" : " " + clauses);"
        } else {
            text = "INSERT CUTOUT INTO \(path) \(clauses) FROM FILE \(literal)\(formatClause);"
        }
    }

    /// The format that a file's extension stands for.
    private static func format(of file: String) -> String? {
        let name = file.lowercased()
        let endings = [
            (".npy", "NPY"), (".raw", "RAW"), (".png", "PNG"), (".tif", "TIFF"), (".tiff", "TIFF"),
            (".nrrd", "NRRD"), (".pgm", "PGM"), (".nii", "NIFTI"), (".nii.gz", "NIFTI"), (".zarr", "ZARR"),
            (".jpg", "JPEG"), (".jpeg", "JPEG"),
        ]
        return endings.first { name.hasSuffix($0.0) }?.1
    }
}
