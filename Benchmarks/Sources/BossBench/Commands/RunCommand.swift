import ArgumentParser
import BossQL
import Foundation

/// `bossql-bench`: own data, own workloads, a table, and yardsticks from the same run.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Generate data, replay workloads on it, and print a table (the default).")

    @Option(help: "Write all numbers into this file too.")
    var json: String?

    @Flag(help: "Small volumes and few operations, for continuous integration.")
    var quick = false

    @Option(help: "Where the temporary folder is made; the file system under it is measured too.")
    var directory: String?

    @Option(help: "Seed of data and workloads.")
    var seed: UInt64 = 1

    /// Everything that a run measured.
    private struct Document: Codable {
        struct Volume: Codable {
            var name: String
            var result: ReplayResult
        }
        var machine: Machine
        var volumes: [Volume] = []
        var yardsticks = Yardsticks()
    }

    private var passes: Int { quick ? 3 : 5 }
    private var passSeconds: Double { quick ? 0.1 : 0.3 }

    func run() throws {
        let parent = directory ?? FileManager.default.temporaryDirectory.path
        let folder = parent + "/bossql-bench-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A temporary folder.
        let data = BenchData(folder: folder, isQuick: quick, seed: seed)
        try data.generate()
        var document = Document(machine: .current())
        Report.printHeader(document.machine, data)
        for volume in data.volumes {
            let result = try replay(volume, data)
            document.volumes.append(.init(name: volume.name, result: result))
            try measureYardsticks(volume, data, &document.yardsticks)
        }
        document.yardsticks.memory = try MemoryYardstick(
            path: folder + "/memory", poolByteCount: (quick ? 8 : 32) << 20
        ).measureAll(seed: seed)
        Report.printSizes(document.volumes.map { ($0.name, $0.result) })
        Report.printYardsticks(document.yardsticks)
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try encoder.encode(document).write(to: URL(fileURLWithPath: json))
        }
        let errors = document.volumes.flatMap { volume in volume.result.rows.filter { $0.error != nil } }
        if !errors.isEmpty { throw ExitCode.failure }
    }

    private func replay(_ volume: BenchData.Volume, _ data: BenchData) throws -> ReplayResult {
        let specification = ReplaySpecification(
            volume: volume.name, dtype: volume.voxelType.numpyName,
            shape: [volume.extent.x, volume.extent.y, volume.extent.z],
            data: "\(data.folder)/\(volume.name).raw",
            store: "\(data.folder)/\(volume.name)", out: "", work: plan(volume, data.folder))
        let replay = try Replay(specification, options: DatabaseOptions())
        let result = try replay.run { print(Report.line(volume.name, $0)) }
        try check(result, volume, data)
        return result
    }

    /// Compares checksums with those of the generated voxels: a fast wrong answer is no result.
    private func check(_ result: ReplayResult, _ volume: BenchData.Volume, _ data: BenchData) throws {
        let raw = try data.open(volume)
        for row in result.rows where row.mode == "warm" || row.mode == "cold" {
            let operations = try Workload(path: "\(data.folder)/\(volume.name)_\(row.workload).jsonl")
                .operations
            for (number, found) in row.crc ?? [:] {
                guard let index = Int(number) else { continue }
                let box = try operations[index].voxelBox()
                let memory = SharedBuffer(byteCount: box.voxelCount * volume.voxelType.byteCount)
                    .withBytes { (bytes: UnsafeMutableRawBufferPointer) in
                        raw.copy(box, to: bytes)
                        return Checksum.text(UnsafeRawBufferPointer(bytes))
                    }
                guard memory == found else {
                    throw BenchError.wrongResult(
                        "\(volume.name) \(row.workload) \(row.mode), cutout \(number)")
                }
            }
        }
        if let row = result.rows.first(where: { $0.readbackIsRight == false }) {
            throw BenchError.wrongResult("\(volume.name) \(row.workload) \(row.mode), read back")
        }
    }

    private func measureYardsticks(
        _ volume: BenchData.Volume, _ data: BenchData, _ yardsticks: inout Yardsticks
    ) throws {
        let raw = try data.open(volume)
        // A store of its own, since the workloads have written into theirs.
        let store = BenchStore(
            path: "\(data.folder)/\(volume.name)_yardstick", extent: volume.extent,
            voxelType: volume.voxelType,
            options: DatabaseOptions())
        try store.create()
        try store.ingest(raw, z: 0..<volume.extent.z)
        let meter = YardstickMeter(
            name: volume.name, raw: raw, store: store, rules: PassRules(passes: passes, seconds: passSeconds),
            workloadFolder: data.folder)
        for workload in ["slab_al", "c64_al", "c64_un"] {
            yardsticks.copies.append(try meter.copyFactor(workload))
        }
        yardsticks.touched.append(try meter.bricksTouched("c64_un"))
        yardsticks.imports.append(try meter.importFactor(repetitionCount: quick ? 1 : 4))
        try store.remove()
    }

    private func plan(_ volume: BenchData.Volume, _ folder: String) -> [ReplaySpecification.Work] {
        var work: [(String, String)] = [("ingest", "ingest"), ("scan", "scan")]
        for name in [
            "c64_al", "c64_un", "c128_al", "c128_un", "slab_al", "slab_un", "xy512", "xz512", "yz512",
        ] {
            work.append((name, "warm"))
        }
        work.append(("c128_un", "threads2"))
        for name in ["c64_un", "c128_un", "slab_al", "xy512"] { work.append((name, "cold")) }
        if volume.voxelType == .uint64 {
            work += [("unique128", "unique"), ("unique_slab", "unique"), ("bbox", "bbox")]
        }
        work += [("down", "down"), ("write", "write_durable")]
        return work.map { name, mode in
            ReplaySpecification.Work(
                workload: name, file: "\(folder)/\(volume.name)_\(name).jsonl", mode: mode, passes: passes,
                passSeconds: passSeconds)
        }
    }
}

extension SharedBuffer {
    /// All of its bytes, valid during the call.
    func withBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(self) { try body(bytes) }
    }
}
