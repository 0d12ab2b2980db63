import BossQL
import Foundation

/// What BossQL is held against in the same run: the machine itself, or a promise about what a read touches.
struct Yardsticks: Codable {
    /// A cutout beside a copy of as many bytes between warm buffers.
    struct CopyFactor: Codable {
        var name: String
        var cutoutGigabytesPerSecond: Double
        var copyGigabytesPerSecond: Double
        /// How many times longer the cutout takes.
        var factor: Double { copyGigabytesPerSecond / max(cutoutGigabytesPerSecond, 1e-12) }
    }
    /// A bulk import beside plain writes of the same bytes with one flush.
    struct ImportFactor: Codable {
        var name: String
        var byteCount: Int
        var importGigabytesPerSecond: Double
        var plainWriteGigabytesPerSecond: Double
        /// CPU seconds per second of the import; at most the number of cores.
        var importUtilization: Double
    }
    /// What cutouts off the grid touch in a store that was just opened, as means over boxes.
    struct BricksTouched: Codable {
        var name: String
        var boxCount: Int
        var pages: Double
        var bricks: Double
        var decodedBricks: Double
        /// Stored bytes that were read and checked.
        var readByteCount: Double
        var resultByteCount: Int
    }
    /// Anonymous memory of a fresh process while a volume ten times the pool is worked through.
    struct MemoryPeak: Codable {
        var name: String
        var volumeByteCount: Int
        var poolByteCount: Int
        var resultByteCount: Int
        var peakByteCount: Int
    }
    var copies: [CopyFactor] = []
    var imports: [ImportFactor] = []
    var touched: [BricksTouched] = []
    var memory: [MemoryPeak] = []
}

/// Measures the yardsticks on a filled store.
struct YardstickMeter {
    let name: String
    let raw: RawVolume
    let store: BenchStore
    let rules: PassRules
    let workloadFolder: String

    private func boxes(_ workload: String) throws -> [VoxelBox] {
        try Workload(path: "\(workloadFolder)/\(name)_\(workload).jsonl").operations.map { try $0.voxelBox() }
    }

    /// A workload's cutouts beside copies of as many bytes from warm anonymous memory, pass about.
    func copyFactor(_ workload: String) throws -> Yardsticks.CopyFactor {
        let (channel, boxes, buffers) = (try store.channel, try boxes(workload), ResultBuffers())
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: raw.bytes.count, alignment: 4096)
        defer { source.deallocate() }
        source.copyMemory(from: raw.bytes)
        let width = raw.voxelType.byteCount
        func cutout(_ box: VoxelBox) throws -> Int {
            let buffer = buffers.buffer(byteCount: box.voxelCount * width)
            try channel.read(CutoutRegion(box: box), into: buffer)
            return buffer.count
        }
        func copy(_ box: VoxelBox) -> Int {
            let buffer = buffers.buffer(byteCount: box.voxelCount * width)
            let start = min(box.lower.z * raw.planeByteCount, source.count - buffer.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + buffer.count]))
            return buffer.count
        }
        var (cutouts, copies) = (PassRecord(), PassRecord())
        var once = rules
        once.passes = 1
        for round in 0..<2 * rules.passes {
            once.isWarmedUp = round == 0
            cutouts.append(try once.measure(boxes, cutout))
            copies.append(try once.measure(boxes, copy))
            if min(cutouts.quietPassCount, copies.quietPassCount) >= rules.passes { break }
        }
        return Yardsticks.CopyFactor(
            name: "\(name) \(workload)", cutoutGigabytesPerSecond: Summary(cutouts)?.gigabytesPerSecond ?? 0,
            copyGigabytesPerSecond: Summary(copies)?.gigabytesPerSecond ?? 0)
    }

    /// Import of the volume, repeated along z, into an empty store, beside plain writes of the same bytes, in turns.
    ///
    /// Making the store is not counted: with so few bytes it would be half of the time.
    func importFactor(repetitionCount: Int) throws -> Yardsticks.ImportFactor {
        let extent = VoxelExtent(x: raw.extent.x, y: raw.extent.y, z: raw.extent.z * repetitionCount)
        let other = BenchStore(
            path: store.path + "_import", extent: extent, voxelType: raw.voxelType, options: DatabaseOptions()
        )
        defer { try? other.remove() }  // A temporary folder; the report is not worth losing over it.
        raw.pageIn(0..<raw.extent.z)
        let byteCount = raw.bytes.count * repetitionCount
        var (imports, writes) = (PassRecord(), PassRecord())
        for _ in 0..<rules.passes {
            try other.create()
            let load = MachineLoad()
            let (cpu, wall) = (Clock.cpu(), Clock.wall())
            for repetition in 0..<repetitionCount {
                try other.ingest(raw, z: 0..<raw.extent.z, offset: repetition * raw.extent.z)
            }
            let elapsed = Clock.wall() - wall
            imports.cpuSeconds += Clock.cpu() - cpu
            imports.add(seconds: elapsed, byteCount: byteCount, others: load.shareOfOthers())
            try other.remove()
            let (seconds, share) = try plainWrite(store.path + "_plain", repetitionCount)
            writes.add(seconds: seconds, byteCount: byteCount, others: share)
        }
        return Yardsticks.ImportFactor(
            name: name, byteCount: byteCount,
            importGigabytesPerSecond: Summary(imports)?.gigabytesPerSecond ?? 0,
            plainWriteGigabytesPerSecond: Summary(writes)?.gigabytesPerSecond ?? 0,
            importUtilization: imports.cpuSeconds / imports.seconds.reduce(0, +))
    }

    /// A new file, written in pieces of 8 MiB, flushed once.
    private func plainWrite(_ path: String, _ repetitionCount: Int) throws -> (
        seconds: Double, others: Double
    ) {
        let load = MachineLoad()
        let started = Clock.wall()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw BenchError.file(path: path, reason: "cannot be created") }
        defer {
            close(descriptor)
            unlink(path)
        }
        for _ in 0..<repetitionCount {
            var offset = 0
            while offset < raw.bytes.count {
                let end = min(offset + (8 << 20), raw.bytes.count)
                let piece = UnsafeRawBufferPointer(rebasing: raw.bytes[offset..<end])
                let written = write(descriptor, piece.baseAddress, piece.count)
                guard written > 0 else { throw BenchError.file(path: path, reason: "cannot be written") }
                offset += written
            }
        }
        guard fsync(descriptor) == 0 else { throw BenchError.file(path: path, reason: "cannot be flushed") }
        return (Clock.wall() - started, load.shareOfOthers())
    }

    /// What cutouts off the grid touch, each in a store that was just opened: nothing is decoded or checked yet.
    func bricksTouched(_ workload: String) throws -> Yardsticks.BricksTouched {
        let (boxes, buffers) = (Array(try boxes(workload).prefix(20)), ResultBuffers())
        var sum = ReadStatistics()
        for box in boxes {
            try store.close()
            try store.open()
            let buffer = buffers.buffer(byteCount: box.voxelCount * raw.voxelType.byteCount)
            sum += try store.channel.read(CutoutRegion(box: box), into: buffer)
        }
        let count = Double(max(1, boxes.count))
        return Yardsticks.BricksTouched(
            name: "\(name) \(workload)", boxCount: boxes.count, pages: Double(sum.pageCount) / count,
            bricks: Double(sum.brickCount) / count, decodedBricks: Double(sum.decodedBrickCount) / count,
            readByteCount: Double(sum.readByteCount) / count,
            resultByteCount: (boxes.first?.voxelCount ?? 0) * raw.voxelType.byteCount)
    }
}

extension PassRecord {
    /// Passes that others hardly disturbed.
    var quietPassCount: Int { others.count { $0 < MachineLoad.quietShare } }

    /// Adds the passes of another record.
    mutating func append(_ other: PassRecord) {
        seconds += other.seconds
        operationCounts += other.operationCounts
        byteCounts += other.byteCounts
        latencies += other.latencies
        others += other.others
        cpuSeconds += other.cpuSeconds
    }
}
