import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `bossql-scale [--directory DIR] [--quick] [--commits]`: opens generated databases of 100 TB and 2 PB, each in a process
/// of its own, and prints what that takes; or what small commits by several threads take.
enum Program {
    private static let sizes: [(name: String, byteCount: Double, segmentGibibytes: Int, fileCount: Int)] = [
        ("100 TB", 1e14, 8, 512), ("100 TB", 1e14, 1, 512), ("2 PB", 2e15, 8, 512), ("2 PB", 2e15, 1, 10_000),
    ]

    static func run(_ arguments: [String]) throws {
        if arguments.first == "measure", arguments.count == 2 {
            let text = try Data(contentsOf: URL(fileURLWithPath: arguments[1]))
            let database = try JSONDecoder().decode(GeneratedDatabase.self, from: text)
            let rows = try ScaleMeasurement(database: database).run()
            try JSONEncoder().encode(rows).write(to: URL(fileURLWithPath: arguments[1] + ".rows"))
            return
        }
        var parent = FileManager.default.temporaryDirectory.path
        if let position = arguments.firstIndex(of: "--directory"), position + 1 < arguments.count {
            parent = arguments[position + 1]
        }
        let isQuick = arguments.contains("--quick")
        let folder = parent + "/bossql-scale-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A temporary folder.
        print(ProcessStatus.description())
        if arguments.contains("--commits") {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return try CommitMeasurement.report(folder: folder)
        }
        for size in isQuick ? Array(sizes.prefix(1)) : sizes {
            let segmentByteCount = size.segmentGibibytes << 30
            let database = GeneratedDatabase(
                path: folder + "/database.bossdb",
                segmentCount: Int(size.byteCount / Double(segmentByteCount)),
                segmentByteCount: segmentByteCount, fileCount: size.fileCount)
            let clock = ContinuousClock.now
            try database.generate()
            print(
                "\n\(size.name) in \(database.segmentCount) segments of \(size.segmentGibibytes) GiB, "
                    + "\(database.fileCount) with a file, generated in \((ContinuousClock.now - clock).components.seconds) s"
            )
            for row in try measure(database, folder) { print(text(row)) }
            fflush(nil)
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Measures in a process that did not generate anything.
    private static func measure(
        _ database: GeneratedDatabase, _ folder: String
    ) throws -> [ScaleMeasurement.Row] {
        let description = folder + "/measure.json"
        try JSONEncoder().encode(database).write(to: URL(fileURLWithPath: description))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["measure", description]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ScaleError.measurementFailed(status: process.terminationStatus)
        }
        let rows = try Data(contentsOf: URL(fileURLWithPath: description + ".rows"))
        return try JSONDecoder().decode([ScaleMeasurement.Row].self, from: rows)
    }

    private static func text(_ row: ScaleMeasurement.Row) -> String {
        let name = row.name.padding(toLength: max(52, row.name.count), withPad: " ", startingAt: 0)
        return name
            + String(
                format: "%10.2f ms   resident %6.1f MiB, anonymous %6.1f MiB, %d files open",
                row.milliseconds,
                Double(row.residentKibibytes) / 1024, Double(row.anonymousKibibytes) / 1024, row.openFileCount
            )
    }
}

do {
    try Program.run(Array(CommandLine.arguments.dropFirst()))
} catch {
    print("bossql-scale: \(error)")
    exit(1)
}
