import BossGeometry
import BossTestSupport
import Foundation

/// A volume of UINT64 labels in memory, C-order: a real or generated block, continued by mirrored copies with IDs of their
/// own; background is 0.
final class LabelData {
    let extent: VoxelExtent
    let voxels: UnsafeMutableBufferPointer<UInt64>
    let description: String

    /// - Throws: a text for a file that is no such array.
    init(extent shape: [Int], source: String?) throws {
        extent = VoxelExtent(x: shape[0], y: shape[1], z: shape[2])
        voxels = .allocate(capacity: extent.voxelCount)
        let block = try source.map { try Block(npy: $0) } ?? Block(seed: 1)
        let name = source.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "generated cells, seed 1"
        description =
            "\(extent) UINT64, \((extent.voxelCount * 8) >> 20) MiB: \(name), \(block.extent), mirrored; "
            + "IDs of copy n are ID + n * 2^32"
        fill(from: block)
    }

    deinit { voxels.deallocate() }

    /// Bytes of whole planes.
    func planes(_ z: Range<Int>) -> UnsafeRawBufferPointer {
        let plane = extent.x * extent.y
        return UnsafeRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: voxels[z.lowerBound * plane..<z.upperBound * plane]))
    }

    /// Copies a box of 64 x 64 x 16 and the like, by rows.
    func copy(_ box: VoxelBox, to memory: UnsafeMutableRawBufferPointer) {
        guard let source = voxels.baseAddress, let target = memory.baseAddress else { return }
        precondition(memory.count == box.voxelCount * 8)
        var offset = 0
        for z in box[.z] {
            for y in box[.y] {
                let row = source + (z * extent.y + y) * extent.x + box.lower.x
                (target + offset).copyMemory(from: row, byteCount: box.extent.x * 8)
                offset += box.extent.x * 8
            }
        }
    }

    private func fill(from block: Block) {
        let size = [block.extent.x, block.extent.y, block.extent.z]
        let counts = zip([extent.x, extent.y, extent.z], size).map { ($0 + $1 - 1) / $1 }
        /// Place in the block; every second copy is mirrored.
        func place(_ coordinate: Int, _ axis: Int) -> Int {
            let (copy, rest) = coordinate.quotientAndRemainder(dividingBy: size[axis])
            return copy % 2 == 0 ? rest : size[axis] - 1 - rest
        }
        let columns = (0..<extent.x).map { place($0, 0) }
        let copies = (0..<extent.x).map { $0 / size[0] }
        var index = 0
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = (place(z, 2) * size[1] + place(y, 1)) * size[0]
                let copy = (z / size[2] * counts[1] + y / size[1]) * counts[0]
                for x in 0..<extent.x {
                    let id = block.ids[row + columns[x]]
                    voxels[index] = id == 0 ? 0 : id | UInt64(copy + copies[x] + 1) << 32
                    index += 1
                }
            }
        }
    }
}

/// A block of labels.
private struct Block {
    let extent: VoxelExtent
    private(set) var ids: [UInt64]

    enum Failure: Error, CustomStringConvertible {
        case notAnArray(String)
        var description: String {
            switch self {
            case .notAnArray(let path): "\(path) is no .npy file of three axes in C-order with <u4 or <u8"
            }
        }
    }

    /// Reads an array of NumPy.
    init(npy path: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        guard bytes.count > 128, bytes.prefix(6) == Data([0x93] + Array("NUMPY".utf8)), bytes[6] == 1 else {
            throw Failure.notAnArray(path)
        }
        let end = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<end], as: UTF8.self)
        let lengths = header.split(separator: "(").last?.split(separator: ")").first?
            .split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        let width = header.contains("<u8") ? 8 : header.contains("<u4") ? 4 : 0
        guard let lengths, lengths.count == 3, width > 0, !header.contains("'fortran_order': True"),
            bytes.count - end == lengths.reduce(width, *)
        else { throw Failure.notAnArray(path) }
        extent = VoxelExtent(x: lengths[2], y: lengths[1], z: lengths[0])
        let count = extent.voxelCount
        ids = [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
            bytes.withUnsafeBytes { source in
                for index in 0..<count {
                    buffer[index] =
                        width == 8
                        ? source.loadUnaligned(fromByteOffset: end + index * 8, as: UInt64.self)
                        : UInt64(source.loadUnaligned(fromByteOffset: end + index * 4, as: UInt32.self))
                }
            }
            filled = count
        }
    }

    /// Cells around jittered points with thin background between them, about 36 IDs in 64^3 voxels.
    init(seed: UInt64) {
        let side = 128
        let spacing = 26
        extent = VoxelExtent(x: side, y: side, z: side)
        ids = Array(repeating: 0, count: extent.voxelCount)
        let cells = side / spacing + 3
        var random = SeededGenerator(seed: seed)
        var points: [SIMD4<Int32>] = []
        for z in -1..<cells - 1 {
            for y in -1..<cells - 1 {
                for x in -1..<cells - 1 {
                    let bits = random.next()
                    func place(_ cell: Int, _ shift: UInt64) -> Int32 {
                        Int32(cell * spacing + ((Int(bits >> shift & 0xFFFF) * spacing) >> 16))
                    }
                    points.append(
                        SIMD4(
                            place(x, 0), place(y, 16), place(z, 32), Int32(truncatingIfNeeded: bits >> 41 | 1)
                        ))
                }
            }
        }
        var index = 0
        for z in 0..<side {
            for y in 0..<side {
                for x in 0..<side {
                    var (nearest, second, id) = (Int32.max, Int32.max, Int32(0))
                    for cellZ in z / spacing..<z / spacing + 3 {
                        for cellY in y / spacing..<y / spacing + 3 {
                            for cellX in x / spacing..<x / spacing + 3 {
                                let point = points[(cellZ * cells + cellY) * cells + cellX]
                                let (dx, dy, dz) = (
                                    point.x - Int32(x), point.y - Int32(y), point.z - Int32(z)
                                )
                                let distance = dx * dx + dy * dy + dz * dz
                                if distance < nearest {
                                    (second, nearest, id) = (nearest, distance, point.w)
                                } else {
                                    second = min(second, distance)
                                }
                            }
                        }
                    }
                    ids[index] = second - nearest < 90 ? 0 : UInt64(UInt32(bitPattern: id) & 0x7FFF_FFFF)
                    index += 1
                }
            }
        }
    }
}
