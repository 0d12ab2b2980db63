import ArgumentParser
import BossQL
import Foundation

/// `bossql-bench`: measures BossQL in this process.
@main
struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql-bench", abstract: "Measures BossQL in process.",
        subcommands: [
            RunCommand.self, ReplayCommand.self, GenerateCommand.self, MemoryCommand.self,
            CommitsCommand.self,
            OverwriteCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

/// `bossql-bench replay SPEC.json`: one column of a comparison with other stores.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay the workloads of a specification and write what was measured.",
        discussion:
            "Writes and reads into one result buffer per size. Writes are durable when they return, in both write modes."
    )

    @Argument(help: "JSON: volume, dtype, shape, data, store, out, work.")
    var specification: String

    @Option(
        name: .customLong("pool-mib"),
        help: "Memory for decoded bricks in MiB; the library's default if absent.")
    var poolMebibytes: Int?

    @Option(help: "Threads of one operation; all cores if absent.")
    var workers: Int?

    @Flag(help: "Print a line per workload on standard error.")
    var verbose = false

    func run() throws {
        let specification = try ReplaySpecification.read(specification)
        var options = DatabaseOptions()
        if let poolMebibytes { options.poolByteCount = poolMebibytes << 20 }
        options.workerCount = workers
        let replay = try Replay(specification, options: options)
        let result = try replay.run { row in
            guard verbose else { return }
            FileHandle.standardError.write(Data((Report.line(specification.volume, row) + "\n").utf8))
        }
        try result.write(to: specification.out)
    }
}

/// `bossql-bench generate DIR`: the data and the workload files of the default run.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write seeded volumes, volumes.json and workload files into a folder.")

    @Argument(help: "The folder; it is made if need be.")
    var folder: String

    @Flag(help: "Small volumes and few operations.")
    var quick = false

    @Option(help: "Seed of data and workloads.")
    var seed: UInt64 = 1

    func run() throws {
        let data = BenchData(folder: folder, isQuick: quick, seed: seed)
        try data.generate()
        for volume in data.volumes {
            print("\(folder)/\(volume.name).raw: \(volume.extent) \(volume.voxelType.rawValue)")
        }
    }
}

/// Measures the memory of one kind of work in this process; the default run starts it.
struct MemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "memory", shouldDisplay: false)

    @Argument var work: String
    @Argument var path: String
    @Argument var poolByteCount: Int

    func run() throws {
        guard let work = MemoryYardstick.Work(rawValue: work) else {
            throw ValidationError("read or downsample")
        }
        print(try MemoryYardstick(path: path, poolByteCount: poolByteCount).measure(work), terminator: "")
    }
}
