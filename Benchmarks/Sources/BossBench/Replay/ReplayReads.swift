import BossQL
import Foundation

/// The modes that read.
extension Replay {
    /// Reads a box into the buffer for results of its size.
    private func read(
        _ box: VoxelBox, from channel: Channel, into buffers: ResultBuffers
    ) throws -> UnsafeMutableRawBufferPointer {
        let buffer = buffers.buffer(byteCount: box.voxelCount * channel.voxelType.byteCount)
        try channel.read(CutoutRegion(box: box), into: buffer)
        return buffer
    }

    /// Checksums of the first cutouts, for the comparison to check.
    private func checksums(_ boxes: [VoxelBox], _ channel: Channel) throws -> [String: String] {
        var checksums: [String: String] = [:]
        for (number, box) in boxes.prefix(3).enumerated() {
            let memory = try read(box, from: channel, into: buffers)
            checksums["\(number)"] = Checksum.text(UnsafeRawBufferPointer(memory))
        }
        return checksums
    }

    func warm(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let channel = try store.channel
        let boxes = try operations.map { try $0.voxelBox() }
        row.crc = try checksums(boxes, channel)
        row.fill(try rules.measure(boxes) { try read($0, from: channel, into: buffers).count })
    }

    /// Each read after the store was closed, dropped from the page cache and opened again.
    func cold(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let boxes = try operations.map { try $0.voxelBox() }
        row.crc = try checksums(boxes, try store.channel)
        // Result memory of every size is there before the clock starts.
        for box in boxes { _ = buffers.buffer(byteCount: box.voxelCount * raw.voxelType.byteCount) }
        var rules = rules
        rules.isWarmedUp = false
        var resident = 0
        let record = try rules.measure(
            Array(boxes.prefix(10)), before: { resident = max(resident, try store.reopenCold()) }
        ) {
            try read($0, from: try store.channel, into: buffers).count
        }
        row.fill(record)
        row.residentMebibytes = Double(resident) / 1_048_576
    }

    func scan(_ operation: Operation, _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let (channel, box) = (try store.channel, try operation.voxelBox())
        let depth = operation.step?.last ?? 64
        let boxes = stride(from: box.lower.z, to: box.upper.z, by: depth).map {
            VoxelBox(x: box[.x], y: box[.y], z: $0..<min($0 + depth, box.upper.z))
        }
        var rules = rules
        rules.seconds = rules.passes < 2 ? 1e9 : 6
        let memory = PeakMemory()
        // Result memory of its own, given back afterwards: its peak counts here and nowhere else.
        let slabs = ResultBuffers()
        let measured = Result { try rules.measure(boxes) { try read($0, from: channel, into: slabs).count } }
        row.peakAnonymousMebibytes = Double(memory.stop()) / 1_048_576
        row.fill(try measured.get())
    }

    /// Two threads, each every other box, twelve at most.
    func twoThreads(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let channel = try store.channel
        let boxes = try operations.map { try $0.voxelBox() }
        let halves = (0..<2).map { half in
            Array(stride(from: half, to: boxes.count, by: 2).prefix(12).map { boxes[$0] })
        }
        let width = channel.voxelType.byteCount
        let byteCount = halves.joined().reduce(0) { $0 + $1.voxelCount * width }
        let memory = halves.map { half in
            SharedBuffer(byteCount: half.map { $0.voxelCount * width }.max() ?? 0)
        }
        row.fill(
            try rules.measure([0]) { _ in
                try onThreads(2) { number in
                    for box in halves[number] {
                        let target = memory[number].prefix(box.voxelCount * width)
                        try channel.read(CutoutRegion(box: box), into: target)
                    }
                }
                return byteCount
            })
    }

    /// Distinct values, 0 included.
    func unique(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let channel = try store.channel
        let boxes = try operations.map { try $0.voxelBox() }
        row.fill(
            try rules.measure(boxes) { box in
                _ = try distinctValues(in: box, of: channel)
                return box.voxelCount * channel.voxelType.byteCount
            })
        row.crc = [:]
        for (number, box) in boxes.prefix(2).enumerated() {
            row.crc?["\(number)"] = try distinctValues(in: box, of: channel).withUnsafeBytes {
                Checksum.text($0)
            }
        }
    }

    /// The IDs of a box, ascending, with 0 in front when some voxel is background.
    private func distinctValues(in box: VoxelBox, of channel: Channel) throws -> [UInt64] {
        var statistics = ReadStatistics()
        let labels = try channel.labels(in: CutoutRegion(box: box), statistics: &statistics)
        let labelled = labels.reduce(0) { $0 + $1.voxelCount }
        return (labelled < box.voxelCount ? [0] : []) + labels.map(\.id)
    }

    /// Bounding boxes over the whole volume.
    func boundingBoxes(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let channel = try store.channel
        let whole = CutoutRegion(box: VoxelBox(origin: VoxelPoint(x: 0, y: 0, z: 0), extent: raw.extent))
        var rules = PassRules(passes: rules.passes > 1 ? 2 : 1, seconds: 1e9)
        rules.isWarmedUp = false
        var boxes: [String: [Int]] = [:]
        let record = try rules.measure(operations.prefix(3).compactMap(\.id)) { id in
            var statistics = ReadStatistics()
            let found = try channel.boundingBoxes(of: [id], in: whole, statistics: &statistics)
            if let box = found.first?.box { boxes["\(id)"] = box.numbers }
            return raw.bytes.count
        }
        row.fill(record)
        row.box = boxes
    }
}

/// Result memory of one thread; that no other thread touches it is the proof behind `@unchecked Sendable`.
final class SharedBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { memory = .allocate(byteCount: byteCount, alignment: 4096) }

    deinit { memory.deallocate() }

    /// All of its bytes, valid while the object is held.
    var bytes: UnsafeMutableRawBufferPointer { memory }

    /// Its first bytes.
    func prefix(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[0..<byteCount])
    }
}
