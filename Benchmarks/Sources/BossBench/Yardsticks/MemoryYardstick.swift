import BossQL
import Foundation

/// Anonymous memory while a label volume ten times as large as the buffer pool is read and reduced.
///
/// Each is measured in a process of its own: memory that was used before and kept would hide the peak.
struct MemoryYardstick {
    /// What is measured.
    enum Work: String, CaseIterable {
        case read
        case downsample

        var title: String {
            switch self {
            case .read: "read slab by slab"
            case .downsample: "downsample 2 x 2 x 1"
            }
        }
        /// Bytes of a result in memory.
        var resultByteCount: Int { self == .read ? MemoryYardstick.slabByteCount : 0 }
    }

    let path: String
    let poolByteCount: Int
    private static let slabByteCount = 16 << 20

    /// 512 x 512 voxels of 8 bytes wide, deep enough for ten times the pool, in whole cuboids.
    private var extent: VoxelExtent {
        let layer = 512 * 512 * 8 * 16
        return VoxelExtent(x: 512, y: 512, z: (10 * poolByteCount + layer - 1) / layer * 16)
    }

    private var store: BenchStore {
        var options = DatabaseOptions()
        options.poolByteCount = poolByteCount
        return BenchStore(path: path, extent: extent, voxelType: .uint64, options: options)
    }

    /// Builds the volume, and measures all kinds of work on it.
    func measureAll(seed: UInt64) throws -> [Yardsticks.MemoryPeak] {
        let store = store
        defer { try? store.remove() }  // A temporary folder; the report is not worth losing over it.
        try store.create()
        let generator = LabelGenerator(seed: seed)
        for z in stride(from: 0, to: extent.z, by: 16) {
            let box = VoxelBox(x: 0..<extent.x, y: 0..<extent.y, z: z..<z + 16)
            var slab = try AnyVolume(
                voxelType: .uint64, axes: [.z, .y, .x], shape: [16, extent.y, extent.x], zeroed: false)
            slab.withUnsafeMutableBytes { generator.fill(box, $0) }
            try store.channel.write(slab, at: box.lower)
        }
        try store.close()
        return try Work.allCases.map { work in
            Yardsticks.MemoryPeak(
                name: work.title, volumeByteCount: extent.voxelCount * 8, poolByteCount: poolByteCount,
                resultByteCount: work.resultByteCount, peakByteCount: try inOwnProcess(work))
        }
    }

    private func inOwnProcess(_ work: Work) throws -> Int {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["memory", work.rawValue, path, "\(poolByteCount)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let peak = Int(String(decoding: bytes, as: UTF8.self)) else {
            throw BenchError.wrongResult(
                "the measurement of memory for \(work.rawValue) ended with \(process.terminationStatus)")
        }
        return peak
    }

    /// Opens the volume and does the work.
    ///
    /// - Returns: anonymous bytes at the peak, above those before the store was opened.
    func measure(_ work: Work) throws -> Int {
        let memory = PeakMemory(intervalMicroseconds: 1000)
        let store = store
        try store.open()
        switch work {
        case .read:
            let whole = CutoutRegion(box: VoxelBox(origin: VoxelPoint(x: 0, y: 0, z: 0), extent: extent))
            var byteCount = 0
            try store.channel.forEachSlab(of: whole, slabByteCount: Self.slabByteCount) { _, slab in
                byteCount += slab.byteCount
            }
            guard byteCount == extent.voxelCount * 8 else {
                throw BenchError.wrongResult("slabs of \(byteCount) bytes in all")
            }
        case .downsample: try store.channel.downsample(from: 0, to: 1)
        }
        let peak = memory.stop()
        try store.close()
        return peak
    }
}
