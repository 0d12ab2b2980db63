import BossDatabase
import BossQuery
import BossVoxels

/// Writes what a statement returned in the shell's present format.
struct ResultWriter {
    let shell: Shell

    /// Writes the warnings, the result, and time and counters if they are asked for. Ends `.once`.
    func write(_ result: StatementResult, milliseconds: Double) throws {
        for warning in result.warnings {
            shell.note(ErrorReport.warning(sqlState: warning.sqlState, message: warning.message))
        }
        let output = shell.target
        // The engine's own time leaves out what the shell does.
        let time = result.statistics.milliseconds > 0 ? result.statistics.milliseconds : milliseconds
        defer { shell.onceFile = nil }
        switch result.value {
        // An empty table would leave people in doubt.
        case .rows where shell.targetIsTerminal && result.check == .clean:
            try output.write("no damage found\n")
        case .rows(let rows): try RowWriter(options: rowOptions).write(rows, to: output)
        case .tag(let word, let count): try writeTag(word, count, to: output)
        case .volume(let volume):
            shell.lastResult = result
            try write(volume, milliseconds: time, to: output)
        case .encoded(let encoded):
            shell.lastResult = result
            try write(encoded, milliseconds: time, to: output)
        }
        try output.flush()
        try writeCounters(result.statistics, milliseconds: time)
    }

    /// The shell's format, for the terminal as wide as it is at this moment.
    var rowOptions: FormatOptions {
        var options = shell.format
        options.screenWidth = shell.targetIsTerminal ? TerminalCapabilities.current().columns : nil
        return options
    }

    private func writeTag(_ word: String, _ count: UInt64?, to output: Output) throws {
        switch shell.format.format {
        case .json, .jsonl:
            let number = count.map(String.init) ?? "null"
            try output.write("{\"tag\":\(JSONWriter.string(word)),\"count\":\(number)}\n")
        case .table, .line, .markdown, .ascii:
            try output.write(count.map { "\(word) \($0)\n" } ?? "\(word)\n")
        case .csv, .npy, .png:
            // A tag is neither a row nor a voxel.
            if shell.targetIsTerminal { try output.write(count.map { "\(word) \($0)\n" } ?? "\(word)\n") }
        }
    }

    private func write(_ result: VolumeResult, milliseconds: Double, to output: Output) throws {
        switch shell.format.format {
        case .json, .jsonl:
            try output.write(VolumeSummary.json(result, milliseconds: milliseconds) + "\n")
        case .npy where !shell.targetIsTerminal:
            try VolumeFileAccess.npyBytes(result.volume).withUnsafeBytes { try output.write(bytes: $0) }
        case .png where !shell.targetIsTerminal:
            throw ShellError.wrongResult(format: "png", found: "a volume; use SELECT IMAGE")
        default:
            try output.write(VolumeSummary.line(result.volume, milliseconds: milliseconds) + "\n")
            try writePreview(result, to: output)
            if shell.format.format == .npy {
                shell.note("use .save FILE, or .once FILE before the statement\n")
            }
        }
    }

    private func write(_ encoded: EncodedResult, milliseconds: Double, to output: Output) throws {
        switch shell.format.format {
        case .npy where !shell.targetIsTerminal, .png where !shell.targetIsTerminal:
            try encoded.bytes.withUnsafeBytes { try output.write(bytes: $0) }
        case .json, .jsonl:
            try output.write(
                "{\"media_type\":\(JSONWriter.string(encoded.mediaType)),\"bytes\":\(encoded.bytes.count),"
                    + "\"summary\":\(JSONWriter.string(encoded.summary))}\n")
        default:
            try output.write(VolumeSummary.line(encoded, milliseconds: milliseconds) + "\n")
            if let volume = encoded.volume { try writePreview(volume, to: output) }
        }
    }

    /// The middle slice, for someone who looks at a terminal.
    private func writePreview(_ result: VolumeResult, to output: Output) throws {
        guard shell.targetIsTerminal || shell.format.format == .ascii else { return }
        guard let picture = picture(result, slice: nil, fillsScreen: false) else { return }
        try output.write(picture)
    }

    /// A slice as characters; nil when the volume has no such slice. Where colours do not work, or do
    /// not belong, shades are made of punctuation.
    ///
    /// - Parameter fillsScreen: whether it may take the whole screen instead of half of its lines.
    func picture(_ result: VolumeResult, slice: Int?, fillsScreen: Bool) -> String? {
        var capabilities = shell.capabilities
        if shell.targetIsTerminal {
            let present = TerminalCapabilities.current()
            (capabilities.columns, capabilities.rows) = (present.columns, present.rows)
        }
        if !shell.targetIsTerminal || shell.format.format == .ascii { capabilities.colors = .none }
        let renderer = PreviewRenderer(capabilities: capabilities, labelColor: VolumeFileAccess.labelColor)
        let size = fillsScreen ? renderer.screenSize : renderer.maximumSize
        let raster = PreviewRaster(
            result, slice: slice, maximumWidth: size.width, maximumHeight: size.height)
        return raster.map(renderer.render)
    }

    private func writeCounters(_ statistics: ExecutionStatistics, milliseconds: Double) throws {
        // Counters are for people: machines read the output, people standard error.
        func say(_ text: String) throws {
            if shell.format.format.isForMachines { shell.note(text) } else { try shell.target.write(text) }
        }
        if shell.settings.showsStatistics {
            let read = statistics.read
            try say(
                "Pages: \(read.pageCount)  bricks: \(read.brickCount) (\(read.decodedBrickCount) decoded, "
                    + "\(read.cachedBrickCount) cached)  read: \(Quantities.bytes(read.readByteCount))  "
                    + "decoded: \(Quantities.bytes(read.decodedByteCount))\n")
        }
        if shell.settings.showsTime { try say("Time: \(Quantities.time(milliseconds: milliseconds))\n") }
        try shell.target.flush()
    }
}
