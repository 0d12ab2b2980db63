import ArgumentParser
import BossQL
import Foundation

/// `bossql-bench commits`: durable small writes a second.
struct CommitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commits", abstract: "Measure small durable writes by 1 to 16 threads.")

    @Option(help: "Where the temporary folder is made; the file system under it is measured too.")
    var directory: String?

    @Option(help: "Seconds for each row.")
    var seconds = 4.0

    func run() throws {
        try TemporaryFolder.with(directory, "commits") { folder in
            print(Report.title("durable small writes", Machine.current()))
            print(
                "work                writers   commits/s   ratio   p50 ms   p95 ms   bytes each   plain write + fdatasync/s"
            )
            for work in CommitBenchmark.Work.allCases {
                try CommitBenchmark(folder: folder, seconds: seconds).run(work) { row in
                    print(
                        row.work.rawValue.padding(toLength: 20, withPad: " ", startingAt: 0)
                            + String(
                                format: "%7d %11.0f %7.2f %8.2f %8.2f %12d %12.0f", row.writerCount,
                                row.commitsPerSecond, row.ratio, row.p50Milliseconds, row.p95Milliseconds,
                                row.logByteCount, row.plainPerSecond))
                    fflush(nil)
                }
            }
        }
    }
}

/// `bossql-bench overwrite`: the same region again and again.
struct OverwriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overwrite",
        abstract: "Overwrite the same region many times and watch the space that the database takes.")

    @Option(help: "Where the temporary folder is made; the file system under it is measured too.")
    var directory: String?

    @Option(help: "Passes over the region.")
    var passes = 20

    @Option(help: "MiB of the region.")
    var mebibytes = 1024

    @Option(help: "MiB of voxels that a pass of small writes has.")
    var smallMebibytes = 256

    @Option(help: "whole, random, strokes; all of them by default.")
    var work: String?

    func run() throws {
        let works = try work.map { name in
            guard let work = OverwriteBenchmark.Work(rawValue: name) else {
                throw ValidationError("no work \(name)")
            }
            return [work]
        }
        try TemporaryFolder.with(directory, "overwrite") { folder in
            print(Report.title("overwriting \(mebibytes) MiB", Machine.current()))
            var isBroken = false
            for work in works ?? OverwriteBenchmark.Work.allCases {
                let benchmark = OverwriteBenchmark(
                    folder: folder, extent: VoxelExtent(x: 1024, y: 1024, z: max(16, mebibytes)))
                print("\(work.rawValue): may take \(benchmark.bound >> 20) MiB")
                var first = 0.0
                let space = try benchmark.run(
                    work, passes: passes, passByteCount: smallMebibytes << 20
                ) { number, pass, space in
                    let rate = Double(pass.voxelByteCount) / pass.seconds / 1e6
                    if number == 0 { first = rate }
                    print(
                        String(
                            format:
                                "  pass %2d: %7.1f MB/s, %5.2f of the first, %6d writes, takes %5d MiB, at most %5d",
                            number + 1, rate, rate / first, pass.writeCount, space.last >> 20,
                            space.peak >> 20))
                    if let storage = pass.storage {
                        print(
                            "           MiB live \(storage.liveByteCount >> 20), "
                                + "history \(storage.historyByteCount >> 20), dead \(storage.deadByteCount >> 20), "
                                + "in flight \(storage.inFlightByteCount >> 20); \(storage.segmentCount) segment files, "
                                + "\(storage.stallCount) waits of \(storage.stallMicroseconds / 1000) ms in all"
                        )
                    }
                    fflush(nil)
                }
                print(
                    String(
                        format: "  at most %.3f of the bound, %d of %d samples beyond it", space.worst,
                        space.violationCount, space.sampleCount))
                isBroken = isBroken || space.violationCount > 0
            }
            if isBroken { throw ExitCode.failure }
        }
    }
}

/// A folder that is removed afterwards.
enum TemporaryFolder {
    /// Runs `body` with a new folder in `parent`, or where temporary files go.
    static func with(_ parent: String?, _ name: String, _ body: (String) throws -> Void) throws {
        let folder =
            (parent ?? FileManager.default.temporaryDirectory.path)
            + "/bossql-\(name)-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A temporary folder.
        try body(folder)
    }
}
