import BossGeometry
import BossVoxels

extension Channel {
    /// Voxels of a part of a region that is worked on at a time.
    static let partVoxelLimit = 4 << 20

    /// Makes a volume of a region part by part.
    ///
    /// - Parameter body: fills the memory of a part, or leaves it and returns false where it is all background.
    func assemble(
        _ region: CutoutRegion, _ type: VoxelType,
        _ body: (CheckedRegion, UnsafeMutableRawBufferPointer) throws(DatabaseError) -> Bool
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try check(region)
        _ = try checkResult(checked, as: type)
        let (box, width) = (checked.box, type.byteCount)
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: type, axes: [.t, .z, .y, .x],
                shape: [checked.time.count, box.extent.z, box.extent.y, box.extent.x], zeroed: false)
        }
        let filled = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                guard let base = memory.baseAddress else { return }
                for (number, time) in checked.time.enumerated() {
                    let sample = base + number * box.voxelCount * width
                    for part in layout.grid.parts(of: box, voxelCount: Self.partVoxelLimit) {
                        let region = CheckedRegion(
                            level: checked.level, box: part, time: time..<time + 1, hasTimeAxis: true)
                        try place(region, in: sample, box, width, body)
                    }
                }
            }
        }
        try filled.get()
        return volume
    }

    /// Fills a part of a dense array: in place where its voxels follow each other there.
    private func place(
        _ part: CheckedRegion, in sample: UnsafeMutableRawPointer, _ box: VoxelBox, _ width: Int,
        _ body: (CheckedRegion, UnsafeMutableRawBufferPointer) throws(DatabaseError) -> Bool
    ) throws(DatabaseError) {
        let (extent, origin) = (part.box.extent, part.box.lower.relative(to: box.lower))
        let byteCount = part.voxelCount * width
        if extent.x == box.extent.x, extent.y == box.extent.y {
            let start = sample + origin.z * extent.x * extent.y * width
            if try body(part, UnsafeMutableRawBufferPointer(start: start, count: byteCount)) { return }
        } else {
            let scratch = VoxelStorage(byteCount: byteCount, zeroed: false)
            let isFilled = try scratch.withUnsafeMutableBytes { memory in
                Result { () throws(DatabaseError) in try body(part, memory) }
            }.get()
            if isFilled {
                scratch.withUnsafeBytes { bytes in
                    guard let source = bytes.baseAddress else { return }
                    VoxelCopy.copyBox(
                        from: source, sourceExtent: extent, sourceOrigin: .zero, to: sample,
                        destinationExtent: box.extent, destinationOrigin: origin, extent: extent,
                        voxelByteCount: width)
                }
                return
            }
        }
        VoxelCopy.fillBox(
            in: sample, destinationExtent: box.extent, destinationOrigin: origin, extent: extent,
            voxelByteCount: width, valueBits: layout.backgroundBits)
    }
}
