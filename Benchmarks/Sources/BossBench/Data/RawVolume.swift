import BossQL
import Foundation

/// A raw little-endian volume in a file, x fastest, mapped for reading.
final class RawVolume {
    let path: String
    let extent: VoxelExtent
    let voxelType: VoxelType
    /// All voxels.
    let bytes: UnsafeRawBufferPointer

    /// Maps a file.
    ///
    /// - Throws: `BenchError.file` when it cannot be read or has another size.
    init(path: String, extent: VoxelExtent, voxelType: VoxelType) throws {
        let byteCount = extent.voxelCount * voxelType.byteCount
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw BenchError.file(path: path, reason: "cannot be opened") }
        defer { Foundation.close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size == byteCount else {
            throw BenchError.file(path: path, reason: "has \(size) bytes, not \(byteCount)")
        }
        guard let base = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw BenchError.file(path: path, reason: "cannot be mapped")
        }
        (self.path, self.extent, self.voxelType) = (path, extent, voxelType)
        bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// Bytes of one plane of constant z.
    var planeByteCount: Int { extent.x * extent.y * voxelType.byteCount }

    /// Whole planes.
    func planes(_ z: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[z.lowerBound * planeByteCount..<z.upperBound * planeByteCount])
    }

    /// Brings planes into the page cache and into this process.
    func pageIn(_ z: Range<Int>) {
        let planes = planes(z)
        var sum = 0
        for offset in stride(from: 0, to: planes.count, by: 4096) { sum &+= Int(planes[offset]) }
        withExtendedLifetime(sum) {}
    }

    /// Copies a box out, by rows.
    func copy(_ box: VoxelBox, to memory: UnsafeMutableRawBufferPointer) {
        let width = voxelType.byteCount
        let rowByteCount = box.extent.x * width
        precondition(memory.count == box.voxelCount * width, "memory for the box")
        var offset = 0
        for z in box[.z] {
            for y in box[.y] {
                let start = ((z * extent.y + y) * extent.x + box.lower.x) * width
                UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + rowByteCount])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowByteCount]))
                offset += rowByteCount
            }
        }
    }
}
