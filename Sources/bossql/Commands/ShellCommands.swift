import BossDatabase
import BossQuery
import BossVoxels
import Glibc

/// What the dot commands do.
extension Shell {
    func perform(_ command: DotCommand, depth: Int) throws -> Flow {
        switch command {
        case .quit: return .quit
        case .read(let path): return try read(path, depth: depth)
        case .importing(let text):
            var scanner = ScriptScanner()
            var statements = scanner.feed(text)
            if let rest = scanner.finish() { statements.append(rest) }
            for statement in statements where try !execute(statement, place: nil) {
                return settings.stopsAtError && editor == nil ? .stop : .proceed
            }
        case .open(let path): try open(path)
        case .help(let word): try help(word)
        case .mode(nil): try say("mode \(format.format.rawValue)\n")
        case .mode(let mode?): format.format = mode
        case .headers(let isOn): format.showsHeaders = isOn
        case .null(let text): format.null = text
        case .width(let width): format.maximumWidth = width
        case .output(let path):
            try outputFile?.flush()
            outputFile = try path.map { try Output.file(FileCompletion.expandingHome($0)) }
        case .once(let path): onceFile = try Output.file(FileCompletion.expandingHome(path))
        case .schema(let path): try schema(path)
        case .tree(let path): try tree(path)
        case .setParameter(let number, let literal): parameters[number] = (literal, try Parameter(literal))
        case .listParameters:
            for (number, parameter) in parameters.sorted(by: { $0.key < $1.key }) {
                try say("$\(number) = \(DisplayWidth.printable(parameter.literal.description))\n")
            }
        case .clearParameters: parameters = [:]
        case .timer(let isOn): settings.showsTime = isOn
        case .stats(let isOn): settings.showsStatistics = isOn
        case .explain(let isOn): settings.explains = isOn
        case .bail(let isOn): settings.stopsAtError = isOn
        case .echo(let isOn): settings.echoes = isOn
        case .view(let slice): try view(slice)
        case .last: try showLast()
        case .save(let path): try save(FileCompletion.expandingHome(path))
        case .history:
            for entry in editor?.history ?? [] { try say(entry + "\n") }
        case .log(let path):
            try log?.flush()
            log = try path.map { try Output.file(FileCompletion.expandingHome($0), appending: true) }
        case .connect:
            throw ShellError.notSupported(
                "the shell does not connect to servers", hint: "open a database folder with .open")
        }
        return .proceed
    }

    private func say(_ text: String) throws {
        try target.write(text)
        try target.flush()
    }

    private func open(_ path: String) throws {
        if session.isInTransaction {
            throw DatabaseError("25001", "a transaction is open", hint: "COMMIT or ROLLBACK first")
        }
        let other = try ShellSession(path: path, isReadOnly: isReadOnly)
        try session.close()
        session = other
        lastResult = nil
    }

    private func read(_ path: String, depth: Int) throws -> Flow {
        guard depth < Self.maximumReadDepth else {
            throw ShellError.readTooDeep(path: path, limit: Self.maximumReadDepth)
        }
        let flow = try run(LineSource.file(path), name: path, depth: depth + 1)
        // At a prompt an error ends the script, not the session.
        return flow == .stop && editor != nil && depth == 0 ? .proceed : flow
    }

    private func help(_ word: String?) throws {
        guard let word else {
            let width = DotCommandInfo.all.map(\.example.count).max() ?? 0
            let lines = DotCommandInfo.all.map { command in
                "\(command.example)\(String(repeating: " ", count: width - command.example.count))  \(command.summary)\n"
            }
            try say(
                "Statements end with ; and lines that start with a dot are for the shell:\n" + lines.joined())
            try say(
                """

                .help WORD explains a statement (create channel, import, select cutout, find ids, stats),
                region, path, parameters, or a command with all that it takes.

                """)
            return
        }
        let name = word.hasPrefix(".") ? word : "." + word
        let topics = word.hasPrefix(".") ? [] : HelpTopic.matching(word)
        if topics.count == 1, let topic = topics.first {
            try say("\(topic.name)\n  \(topic.explanation)\n  Example: \(topic.example)\n")
        } else if !topics.isEmpty {
            try say(topics.map { "\($0.name): \($0.explanation)\n" }.joined())
        } else if let command = DotCommandInfo.named(name) {
            try say("\(command.usage)\n  \(command.summary)\n  Example: \(command.example)\n")
        } else {
            let names = HelpTopic.all.map(\.name) + DotCommandInfo.all.map(\.name)
            let near = NearMiss.best(for: word, among: names)
            throw DatabaseError(
                "42704", "there is no help for \(word)",
                hint: near.map { "did you mean \($0.lowercased())?" } ?? "see .help")
        }
    }

    // MARK: Resources

    private func schema(_ path: String?) throws {
        let paths = try path.map { [$0] } ?? session.children(of: []).map { ResourcePath.written([$0]) }
        for path in paths {
            let rows = try session.rows("SHOW CREATE \(path);")
            let index = rows.columns.firstIndex { $0.name == "statement" } ?? 0
            for row in rows.rows where row.indices.contains(index) {
                let text = CellText.plain(row[index])
                try target.write(text.hasSuffix(";") ? text + "\n" : text + ";\n")
            }
        }
        try target.flush()
    }

    private func tree(_ path: String?) throws {
        let names = path.map(ResourcePath.names) ?? []
        if let path { try target.write(path + "\n") }
        try branch(names, indent: "", isRoot: path == nil)
        try target.flush()
    }

    private func branch(_ path: [String], indent: String, isRoot: Bool) throws {
        let children = try session.children(of: path)
        for (index, name) in children.enumerated() {
            let isLast = index == children.count - 1
            let (fork, rest) =
                format.isUTF8 ? (isLast ? "└── " : "├── ", isLast ? "    " : "│   ") : ("  ", "  ")
            try target.write("\(isRoot ? "" : indent + fork)\(DisplayWidth.printable(name))\n")
            try branch(path + [name], indent: isRoot ? "" : indent + rest, isRoot: false)
        }
    }

    // MARK: The last volume

    private func lastVolume(_ command: String) throws -> VolumeResult {
        switch lastResult?.value {
        case .volume(let volume): return volume
        case .encoded(let encoded):
            if let volume = encoded.volume { return volume }
            throw ShellError.noVolume(command: command)
        default: throw ShellError.noVolume(command: command)
        }
    }

    private func view(_ slice: Int?) throws {
        let result = try lastVolume(".view")
        guard let picture = ResultWriter(shell: self).picture(result, slice: slice, fillsScreen: true) else {
            let shape = result.volume.shape.map(String.init).joined(separator: ",")
            let sliceCount = result.volume.shape.dropLast(2).last ?? 1
            throw DatabaseError(
                "22003", "the volume of shape (\(shape)) has no such slice to show",
                hint: "its slices are counted from 0 to \(max(0, sliceCount - 1))")
        }
        try say(picture)
    }

    private func showLast() throws {
        for (name, value) in VolumeSummary.details(try lastVolume(".last")) {
            try target.write("\(String(repeating: " ", count: 6 - name.count))\(name) = \(value)\n")
        }
        try target.flush()
    }

    private func save(_ path: String) throws {
        switch lastResult?.value {
        case .volume(let result): try VolumeFileAccess.save(result.volume, to: path)
        case .encoded(let encoded):
            let file = try Output.file(path)
            try encoded.bytes.withUnsafeBytes { try file.write(bytes: $0) }
            try file.flush()
        default: throw ShellError.noVolume(command: ".save")
        }
    }
}
