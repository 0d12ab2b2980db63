/// A dot command: its name, what follows it, what it does, an example.
struct DotCommandInfo {
    /// What the shell can complete behind the command.
    enum Argument: Hashable {
        case nothing
        case onOff
        case format
        case file
        /// A path of the database.
        case resource
        /// A file, then a path.
        case fileThenResource
        case topic
        case words([String])
    }

    let name: String
    let usage: String
    let summary: String
    let example: String
    let argument: Argument

    private init(_ name: String, _ usage: String, _ summary: String, _ example: String, _ argument: Argument)
    {
        self.name = name
        self.usage = usage.isEmpty ? name : "\(name) \(usage)"
        self.summary = summary
        self.example = example
        self.argument = argument
    }

    static func named(_ name: String) -> DotCommandInfo? {
        let name = name.lowercased()
        return all.first { $0.name == name }
    }

    /// Every command, in alphabetical order.
    static let all: [DotCommandInfo] = [
        .init(".bail", "on|off", "stop at the first error of a script", ".bail off", .onOff),
        .init(
            ".connect", "URL [TOKEN]", "use a server (not supported)", ".connect http://host:8080", .nothing),
        .init(".echo", "on|off", "print each statement before it runs", ".echo on", .onOff),
        .init(".exit", "", "leave", ".exit", .nothing),
        .init(".explain", "on|off", "show each statement's plan first", ".explain on", .onOff),
        .init(".headers", "on|off", "column names above rows", ".headers off", .onOff),
        .init(".help", "[WORD]", "commands, or what a word means", ".help find ids", .topic),
        .init(".history", "", "the statements typed before", ".history", .nothing),
        .init(
            ".import", "FILE PATH [REGION]", "read a file into a channel",
            ".import block.npy lab/mri/t1 Z 0:16", .fileThenResource),
        .init(".last", "", "shape, dtype, min and max of the last volume", ".last", .nothing),
        .init(".log", "FILE|off", "write statements and outcomes to a file", ".log today.log", .file),
        .init(
            ".mode", "table|csv|json|jsonl|line|markdown|npy|ascii|png", "how results are written",
            ".mode csv", .format),
        .init(".null", "TEXT", "what stands for NULL", ".null -", .nothing),
        .init(".once", "FILE", "the next result goes to a file", ".once ids.csv", .file),
        .init(".open", "FILE", "use another database", ".open lab.bossdb", .file),
        .init(".output", "[FILE]", "results go to a file, or to the screen again", ".output out.txt", .file),
        .init(
            ".param", "set N VALUE|@FILE.npy, list, clear", "values of $1, $2, ...",
            ".param set 1 @block.npy",
            .words(["set", "list", "clear"])),
        .init(".quit", "", "leave", ".quit", .nothing),
        .init(".read", "FILE", "run a script", ".read setup.bql", .file),
        .init(
            ".save", "FILE", "the last volume as .npy, the last picture as it is", ".save cutout.npy", .file),
        .init(".schema", "[PATH]", "the statements that create it", ".schema lab/mri", .resource),
        .init(".stats", "on|off", "what each statement read", ".stats on", .onOff),
        .init(".timer", "on|off", "the time of each statement", ".timer on", .onOff),
        .init(".tree", "[PATH]", "collections, experiments and channels", ".tree lab", .resource),
        .init(".view", "[Z]", "the last volume's slice Z as a picture", ".view 7", .nothing),
        .init(".width", "N", "the most columns of a table cell, 0 for any", ".width 40", .nothing),
    ]

    // MARK: Reading arguments

    func refusal(_ problem: String) -> ShellError {
        .badArguments(command: name, problem: problem, usage: usage)
    }

    func required(_ words: inout DotCommand.Words, _ what: String) throws(ShellError) -> String {
        guard let word = words.next(), !word.isEmpty else { throw refusal("\(what) is missing") }
        return word
    }

    func number(_ word: String, in range: ClosedRange<Int>) throws(ShellError) -> Int {
        guard let number = Int(word), range.contains(number) else {
            throw refusal("\(word) is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ words: inout DotCommand.Words) throws(ShellError) -> Bool {
        let word = try required(&words, "on or off")
        switch word.lowercased() {
        case "on", "yes", "1", "true": return true
        case "off", "no", "0", "false": return false
        default: throw refusal("\(word) is neither on nor off")
        }
    }
}
