import BossCatalog
package import BossFormats
public import BossGeometry
import BossStorage
import BossVoxels

/// What an import did.
public struct ImportSummary: Hashable, Sendable {
    /// Where the volume went.
    public let box: VoxelBox
    /// Time samples.
    public let timeSampleCount: Int
    /// Bytes of voxels, as the channel holds them.
    public let byteCount: Int
    /// Voxels whose value is another one now.
    public let changedVoxelCount: Int
    /// Number of the commit.
    public let commit: UInt64
    /// Whether the file states a linear map from voxels to physical values, which is not applied.
    public let hasUnappliedScaling: Bool
}

extension Channel {
    /// Imports a volume file, or a stack of slices, larger than memory if need be.
    ///
    /// It becomes visible as a whole: after a crash or an error nothing of it is there. Unsigned voxels of
    /// a narrower type are widened.
    ///
    /// - Parameters:
    ///   - pattern: a path, or one with `*` and `?` for a stack.
    ///   - format: nil to tell it from the content.
    ///   - origin: where its first voxel goes; the start of the channel by default.
    ///   - control: progress counts voxel bytes.
    /// - Throws: 22V09 for a file that cannot be decoded, 22V04 for another voxel type, 22V01 when it does
    ///   not fit the extent, 53100 when the disk is full.
    @discardableResult
    package func importVolume(
        _ pattern: String, format: VolumeFormat? = nil, at origin: VoxelPoint? = nil, time: Int? = nil,
        mode: WriteMode = .overwrite, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> ImportSummary {
        let reader = try mappingErrors { () throws(FormatError) in
            try VolumeFiles.open(pattern: pattern, format: format)
        }
        return try importVolume(reader, at: origin, time: time, mode: mode, control: control)
    }

    /// Imports from an open reader.
    ///
    /// - Parameter action: what the history says was done, IMPORT by default.
    package func importVolume(
        _ reader: any VolumeReader, at origin: VoxelPoint?, time: Int?, mode: WriteMode,
        control: OperationControl, action: String? = nil
    ) throws(DatabaseError) -> ImportSummary {
        guard VoxelWidening.isPossible(from: reader.voxelType, to: voxelType) else {
            throw DatabaseError(
                "22V04",
                "\(reader.name) holds \(reader.voxelType.rawValue), \(path) holds \(voxelType.rawValue)",
                hint: "convert the file, or create a channel of its type")
        }
        let start = if let origin { origin } else { box(at: try layout.baseLevel).lower }
        let firstTime = time ?? record.channel.defaultTimeSample
        let region = try importRegion(reader, start, firstTime)
        let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
        let total = region.voxelCount.multipliedSaturating(by: voxelType.byteCount)
        var (done, changed) = (0, 0)
        let slabs = region.box.slabs(
            byteCount: 32 << 20, voxelByteCount: voxelType.byteCount, alignment: layout.grid.cuboid.z
        ).mergedToCuboids(depth: layout.grid.cuboid.z)
        for time in region.time {
            for slab in slabs {
                let byteCount = slab.voxelCount * voxelType.byteCount
                changed += try importSlab(
                    reader, slab, fileZ: slab.lower.z - start.z, fileTime: time - firstTime, time: time,
                    mode: mode,
                    level: region.level, bulk: bulk, control: control)
                done += byteCount
                control.progress?(
                    Progress(title: "import \(path)", completedByteCount: done, totalByteCount: total))
            }
        }
        bulk.describe(action ?? "IMPORT \(reader.name) INTO \(path)", changedVoxelCount: changed)
        let commit = try commit(bulk)
        return ImportSummary(
            box: region.box, timeSampleCount: region.time.count, byteCount: total, changedVoxelCount: changed,
            commit: commit, hasUnappliedScaling: reader.scaling != nil)
    }

    private func importRegion(
        _ reader: any VolumeReader, _ start: VoxelPoint, _ firstTime: Int
    ) throws(DatabaseError) -> CheckedRegion {
        let limit = VoxelPoint.coordinateLimit / 2
        guard SpatialAxis.allCases.allSatisfy({ -limit...limit ~= start[$0] && reader.extent[$0] <= limit }),
            0...Int(Int32.max) ~= firstTime
        else { throw DatabaseError("22V01", "origin \(start) is outside the addressable space") }
        let box = VoxelBox(origin: start, extent: reader.extent)
        return try checkWritable(CutoutRegion(box: box, time: firstTime..<firstTime + reader.timeSampleCount))
    }

    /// Reads one slab of the file and encodes its cuboids on all cores.
    private func importSlab(
        _ reader: any VolumeReader, _ slab: VoxelBox, fileZ: Int, fileTime: Int, time: Int, mode: WriteMode,
        level: ResolutionLevel, bulk: BulkTransaction, control: OperationControl
    ) throws(DatabaseError) -> Int {
        try control.cancellation.check()
        let fileBytes = VoxelStorage(byteCount: slab.voxelCount * reader.voxelType.byteCount, zeroed: false)
        let read = fileBytes.withUnsafeMutableBytes { buffer in
            Result { () throws(FormatError) in
                try reader.read(z: fileZ..<fileZ + slab.extent.z, time: fileTime, into: buffer)
            }
        }
        try mappingErrors { () throws(FormatError) in try read.get() }
        let voxels = widened(fileBytes, from: reader.voxelType, voxelCount: slab.voxelCount)
        let written = voxels.withUnsafeBytes { bytes in
            Result { () throws(DatabaseError) in
                try writer(mode, over: bulk.base).write(
                    .init(bytes: SharedBytes(bytes), box: slab), level: level, time: time, mode: mode,
                    to: bulk,
                    control: control)
            }
        }
        return try written.get()
    }

    private func widened(_ source: VoxelStorage, from type: VoxelType, voxelCount: Int) -> VoxelStorage {
        guard type != voxelType else { return source }
        let target = VoxelStorage(byteCount: voxelCount * voxelType.byteCount, zeroed: false)
        source.withUnsafeBytes { narrow in
            target.withUnsafeMutableBytes { VoxelWidening.widen(narrow, from: type, to: $0, as: voxelType) }
        }
        return target
    }
}

extension Sequence<VoxelBox> {
    /// Joins slabs that end inside a layer of cuboids: a bulk load writes each cuboid once.
    func mergedToCuboids(depth: Int) -> [VoxelBox] {
        reduce(into: []) { (merged: inout [VoxelBox], slab) in
            if let last = merged.last, last.upper.z % depth != 0 {
                merged[merged.count - 1] = last.union(slab)
            } else {
                merged.append(slab)
            }
        }
    }
}
