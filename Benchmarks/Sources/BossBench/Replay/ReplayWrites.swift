import BossQL
import Foundation

/// The modes that write into a filled store.
extension Replay {
    /// Builds the coarser level from the stored one, durable when it returns.
    func downsample(_ operation: Operation, _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        guard operation.factor == [2, 2, 1] else {
            throw BenchError.unsupported("factors other than 2, 2, 1")
        }
        let (channel, box) = (try store.channel, try operation.voxelBox())
        let method: ReductionMethod = operation.method == "mode" ? .mode : .mean
        var record = PassRecord()
        let memory = PeakMemory()
        for _ in 0..<min(rules.passes, 3) {
            let load = MachineLoad()
            let (cpu, wall) = (Clock.cpu(), Clock.wall())
            try channel.downsample(from: 0, to: 1, box: box, method: method)
            let elapsed = Clock.wall() - wall
            record.cpuSeconds += Clock.cpu() - cpu
            record.add(
                seconds: elapsed, byteCount: box.voxelCount * channel.voxelType.byteCount,
                others: load.shareOfOthers())
        }
        row.fill(record)
        row.peakAnonymousMebibytes = Double(memory.stop()) / 1_048_576
    }

    /// Small boxes, one commit each. Every pass writes other values: writing what is there already costs nothing.
    func write(_ operations: [Operation], _ rules: PassRules, _ row: inout ReplayResult.Row) throws {
        let channel = try store.channel
        var rules = rules
        rules.isWarmedUp = false
        var blocks: [(volume: AnyVolume, origin: VoxelPoint)] = []
        row.fill(
            try rules.measure(
                Array(operations.indices),
                beginPass: { _ in
                    writePassCount += 1
                    blocks = try operations.map { try block($0, channel.voxelType, offset: writePassCount) }
                }
            ) { number in
                let (volume, origin) = blocks[number]
                try channel.write(volume, at: origin)
                return volume.byteCount
            })
        guard let first = operations.first else { return }
        let (volume, origin) = try block(first, channel.voxelType, offset: 0)
        try channel.write(volume, at: origin)
        row.readbackIsRight = try channel.read(CutoutRegion(box: first.voxelBox())) == volume
    }

    /// The voxels that a write puts down.
    private func block(
        _ operation: Operation, _ type: VoxelType, offset: UInt64
    ) throws -> (volume: AnyVolume, origin: VoxelPoint) {
        guard let fill = operation.fill else { throw BenchError.unsupported("a write without a fill") }
        let box = try operation.voxelBox()
        var volume = try AnyVolume(
            voxelType: type, axes: [.z, .y, .x], shape: [box.extent.z, box.extent.y, box.extent.x])
        let width = type.byteCount
        volume.withUnsafeMutableBytes { memory in
            var place = 0
            for z in box[.z] {
                for y in box[.y] {
                    let row = UInt64(y) &* fill.b &+ UInt64(z) &* fill.c &+ fill.d &+ offset
                    for x in box[.x] {
                        withUnsafeBytes(of: (UInt64(x) &* fill.a &+ row).littleEndian) { bytes in
                            for byte in 0..<width { memory[place + byte] = bytes[byte] }
                        }
                        place += width
                    }
                }
            }
        }
        return (volume, box.lower)
    }
}
