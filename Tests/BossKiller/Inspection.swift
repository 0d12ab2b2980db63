import Foundation

/// All that the program says a database holds.
struct Inspection {
    /// A channel, perhaps in a snapshot, or its level 1.
    struct Path: Hashable {
        let channel: String
        var snapshot: String?
        var isCoarse = false

        /// As in a statement.
        var text: String { channel + (snapshot.map { "@\($0)" } ?? "") + (isCoarse ? " RES 1" : "") }
    }

    /// What is looked at beside names and the newest voxels.
    enum Depth {
        /// One of the snapshots.
        case oneSnapshot(Int)
        case everything
    }

    private(set) var channels: Set<String> = []
    private(set) var metadata: [String: Int] = [:]
    private(set) var snapshots: Set<String> = []
    /// Voxels in C order.
    private(set) var contents: [Path: [UInt8]] = [:]
    /// What CHECK calls errors, and what it calls warnings.
    private(set) var findings: [String] = []
    private(set) var warnings: [String] = []

    /// Asks a program that has the database open.
    ///
    /// - Parameters:
    ///   - check: a statement that finds nothing in a sound database.
    ///   - folder: where the program may put voxels.
    ///   - downsampled: channels whose level 1 is read.
    init(
        _ program: RunningProgram, _ depth: Depth, check: String? = nil, folder: String,
        downsampled: Set<String>
    ) throws(KillFailure) {
        let experiment = KillTrial.experiment
        channels = Set(try Self.names("SHOW CHANNELS IN \(experiment);", program))
        snapshots = Set(try Self.names("SHOW SNAPSHOTS IN \(experiment);", program))
        for row in try Self.rows("SHOW METADATA IN \(experiment);", program) {
            guard let key = row["key"] as? String, let value = Self.number(row["value"]) else {
                throw KillFailure("metadata \(row)")
            }
            metadata[key] = Int(value)
        }
        for path in paths(depth, downsampled) {
            let file = "\(folder)/read.raw"
            let version = path.snapshot.map { "@\($0)" } ?? ""
            program.send(
                "SELECT CUTOUT FROM \(experiment)/\(path.channel)\(version)\(path.isCoarse ? " RES 1" : "") "
                    + "INTO FILE '\(file)';\n")
            _ = try program.line()
            guard let bytes = FileManager.default.contents(atPath: file) else {
                throw KillFailure("\(path.text) was not written to \(file)")
            }
            contents[path] = [UInt8](bytes)
            unlink(file)
        }
        guard let check else { return }
        for line in try Self.lines(check, program) {
            if try Self.row(line)["severity"] as? String == "warning" {
                warnings.append(line)
            } else {
                findings.append(line)
            }
        }
    }

    private func paths(_ depth: Depth, _ downsampled: Set<String>) -> [Path] {
        var paths: [Path] = []
        let names = snapshots.sorted()
        for channel in channels.sorted() {
            paths.append(Path(channel: channel))
            if downsampled.contains(channel) { paths.append(Path(channel: channel, isCoarse: true)) }
            switch depth {
            case .everything: paths += names.map { Path(channel: channel, snapshot: $0) }
            case .oneSnapshot(let number) where !names.isEmpty:
                paths.append(Path(channel: channel, snapshot: names[number % names.count]))
            case .oneSnapshot: break
            }
        }
        return paths
    }

    /// A statement that answers with one line that nothing else has.
    static let marker = "SHOW SETTINGS LIKE 'stale_levels';"
    static let markerMark = "\"name\":\"stale_levels\""

    private static func names(_ statement: String, _ program: RunningProgram) throws(KillFailure) -> [String]
    {
        try rows(statement, program).compactMap { $0["name"] as? String }
    }

    private static func rows(
        _ statement: String, _ program: RunningProgram
    ) throws(KillFailure) -> [[String: Any]] {
        var rows: [[String: Any]] = []
        for line in try lines(statement, program) { rows.append(try row(line)) }
        return rows
    }

    /// A line of JSON as a dictionary.
    static func row(_ line: String) throws(KillFailure) -> [String: Any] {
        guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw KillFailure("an answer is not a row: \(line)")
        }
        return row
    }

    /// A number of a row.
    static func number(_ value: Any?) -> Double? {
        switch value {
        case let value as Int: Double(value)
        case let value as Double: value
        default: nil
        }
    }

    /// All lines with which a statement answers.
    static func lines(_ statement: String, _ program: RunningProgram) throws(KillFailure) -> [String] {
        program.send("\(statement)\n\(marker)\n")
        var lines: [String] = []
        while true {
            let line = try program.line()
            if line.contains(markerMark) { return lines }
            lines.append(line)
        }
    }
}
