import BossQL
import Foundation

/// The two volumes of the default run with their workloads, in a folder.
struct BenchData {
    /// A volume.
    struct Volume {
        let name: String
        let extent: VoxelExtent
        let voxelType: VoxelType
    }
    let folder: String
    let isQuick: Bool
    let seed: UInt64

    /// An image and a label volume.
    var volumes: [Volume] {
        let depth = isQuick ? 64 : 128
        return [
            Volume(name: "image", extent: VoxelExtent(x: 512, y: 512, z: depth), voxelType: .uint8),
            Volume(name: "seg", extent: VoxelExtent(x: 256, y: 256, z: depth), voxelType: .uint64),
        ]
    }

    /// Writes `image.raw`, `seg.raw`, `volumes.json` and the workload files.
    func generate() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var descriptions: [String: VolumeDescription] = [:]
        for volume in volumes {
            let checksum = try writeVoxels(volume)
            descriptions[volume.name] = VolumeDescription(
                file: volume.name + ".raw", dtype: volume.voxelType.numpyName,
                shape: [volume.extent.x, volume.extent.y, volume.extent.z], seed: seed, checksum: checksum)
            var workloads = WorkloadGenerator(
                volume: volume.name, extent: volume.extent, voxelType: volume.voxelType, seed: seed,
                thinning: isQuick ? 5 : 1)
            try workloads.write(to: folder, data: try open(volume))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(descriptions).write(to: URL(fileURLWithPath: folder + "/volumes.json"))
    }

    /// Maps a generated volume.
    func open(_ volume: Volume) throws -> RawVolume {
        try RawVolume(
            path: "\(folder)/\(volume.name).raw", extent: volume.extent, voxelType: volume.voxelType)
    }

    /// Generates all voxels of a volume into its file.
    ///
    /// - Returns: their CRC-32.
    private func writeVoxels(_ volume: Volume) throws -> String {
        let byteCount = volume.extent.voxelCount * volume.voxelType.byteCount
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        defer { memory.deallocate() }
        let box = VoxelBox(origin: VoxelPoint(x: 0, y: 0, z: 0), extent: volume.extent)
        switch volume.voxelType {
        case .uint8: ImageGenerator(seed: seed).fill(box, memory)
        default: LabelGenerator(seed: seed).fill(box, memory)
        }
        let path = "\(folder)/\(volume.name).raw"
        guard let base = memory.baseAddress else { return Checksum.text(UnsafeRawBufferPointer(memory)) }
        let bytes = Data(bytesNoCopy: base, count: byteCount, deallocator: .none)
        do { try bytes.write(to: URL(fileURLWithPath: path)) } catch {
            throw BenchError.file(path: path, reason: "cannot be written: \(error)")
        }
        return Checksum.text(UnsafeRawBufferPointer(memory))
    }

    private struct VolumeDescription: Codable {
        var file: String
        var dtype: String
        var shape: [Int]
        var seed: UInt64
        var checksum: String

        enum CodingKeys: String, CodingKey {
            case file, dtype, seed
            case shape = "shape_xyz"
            case checksum = "crc32"
        }
    }
}
