import BossQL
import Foundation

/// Replays workloads against one store, in this process.
///
/// A row that fails carries the error; the others are measured all the same.
final class Replay {
    private let specification: ReplaySpecification
    let raw: RawVolume
    let store: BenchStore
    let buffers = ResultBuffers()
    private(set) var result = ReplayResult()
    /// Passes of writes made so far: each writes other values, since equal ones would change nothing.
    var writePassCount: UInt64 = 0

    /// Prepares a replay; nothing is opened yet but the raw volume.
    init(_ specification: ReplaySpecification, options: DatabaseOptions) throws {
        self.specification = specification
        guard specification.shape.count == 3, specification.shape.allSatisfy({ $0 > 0 }) else {
            throw BenchError.unsupported("the shape \(specification.shape)")
        }
        let extent = VoxelExtent(
            x: specification.shape[0], y: specification.shape[1], z: specification.shape[2])
        let voxelType = try VoxelType(numpyName: specification.dtype)
        raw = try RawVolume(path: specification.data, extent: extent, voxelType: voxelType)
        store = BenchStore(path: specification.store, extent: extent, voxelType: voxelType, options: options)
    }

    /// Runs all workloads, closes the store, and leaves it behind.
    ///
    /// A specification that starts with another mode than `ingest` uses the store that is there.
    ///
    /// - Parameter report: called after each row.
    func run(report: (ReplayResult.Row) -> Void = { _ in }) throws -> ReplayResult {
        if specification.work.first?.mode != "ingest" { try store.open() }
        for work in specification.work {
            var row = ReplayResult.Row(workload: work.workload, mode: work.mode)
            let started = Clock.wall()
            do { try run(work, &row) } catch { row.error = String("\(error)".prefix(160)) }
            row.tookSeconds = Clock.wall() - started
            result.rows.append(row)
            report(row)
        }
        try store.close()
        return result
    }

    private func run(_ work: ReplaySpecification.Work, _ row: inout ReplayResult.Row) throws {
        let operations = try Workload(path: work.file).operations
        guard let first = operations.first else {
            throw BenchError.file(path: work.file, reason: "has no operation")
        }
        let rules = PassRules(passes: work.passes, seconds: work.passSeconds)
        switch work.mode {
        case "ingest": try ingest(first, rules, &row)
        case "warm": try warm(operations, rules, &row)
        case "cold": try cold(operations, rules, &row)
        case "scan": try scan(first, rules, &row)
        case "threads2": try twoThreads(operations, rules, &row)
        case "unique": try unique(operations, rules, &row)
        case "bbox": try boundingBoxes(operations, rules, &row)
        case "down": try downsample(first, rules, &row)
        // A write of BossQL is durable when it returns, so both modes are the same call.
        case "write", "write_durable": try write(operations, rules, &row)
        default: throw BenchError.unsupported("mode \(work.mode)")
        }
    }

    private func ingest(_ operation: Operation, _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let planes = try operation.voxelBox()[.z]
        raw.pageIn(planes)
        var record = PassRecord()
        var peak = 0
        for _ in 0..<rules.passes {
            if record.seconds.reduce(0, +) > 25 && record.seconds.count >= 2 { break }
            try store.remove()
            let (load, memory) = (MachineLoad(), PeakMemory())
            let (cpu, wall) = (Clock.cpu(), Clock.wall())
            try store.create()
            try store.ingest(raw, z: planes)
            let elapsed = Clock.wall() - wall
            record.cpuSeconds += Clock.cpu() - cpu
            peak = max(peak, memory.stop())
            record.add(seconds: elapsed, byteCount: raw.planes(planes).count, others: load.shareOfOthers())
            try store.close()
        }
        row.fill(record)
        row.peakAnonymousMebibytes = Double(peak) / 1_048_576
        try buildWhole()
    }

    /// Builds the store that all other workloads use.
    private func buildWhole() throws {
        let started = Clock.wall()
        try store.create()
        try store.ingest(raw, z: 0..<raw.extent.z)
        result.fullBuildSeconds = Clock.wall() - started
        try store.close()
        let files = StoreFiles(store.path)
        (result.storeByteCount, result.fileCount) = (files.byteCount, files.paths.count)
        result.rawByteCount = raw.bytes.count
        try store.open()
    }
}
