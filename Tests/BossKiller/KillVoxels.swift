import BossTestSupport
import Foundation
import Glibc

/// A box of voxels.
struct KillBox: Hashable, CustomStringConvertible {
    var x: Range<Int>
    var y: Range<Int>
    var z: Range<Int>

    /// The whole extent of a channel.
    static let whole = KillBox(x: 0..<128, y: 0..<128, z: 0..<64)

    var voxelCount: Int { x.count * y.count * z.count }

    /// As a region of a statement.
    var description: String {
        "X \(x.lowerBound):\(x.upperBound) Y \(y.lowerBound):\(y.upperBound) Z \(z.lowerBound):\(z.upperBound)"
    }

    var corner: String { "(\(x.lowerBound), \(y.lowerBound), \(z.lowerBound))" }

    /// Somewhere, up to so many voxels long; a quarter of all boxes end at borders of cuboids.
    static func random(upTo length: Int, using random: inout SeededGenerator) -> KillBox {
        let isAligned = Int.random(in: 0..<4, using: &random) == 0
        func range(_ extent: Int, _ length: Int, _ step: Int) -> Range<Int> {
            let step = isAligned ? min(step, length) : 1
            let count = Int.random(in: 1...(min(length, extent) / step), using: &random) * step
            let lower = Int.random(in: 0...((extent - count) / step), using: &random) * step
            return lower..<(lower + count)
        }
        return KillBox(
            x: range(whole.x.count, length, 32), y: range(whole.y.count, length, 32),
            z: range(whole.z.count, length / 2, 16))
    }

    /// Calls with each row of x: where it starts in an array of the whole extent and in one of the box, in voxels.
    func forEachRow(_ body: (_ whole: Int, _ box: Int) -> Void) {
        var row = 0
        for z in z {
            for y in y {
                body((z * Self.whole.y.count + y) * Self.whole.x.count + x.lowerBound, row)
                row += x.count
            }
        }
    }
}

/// All voxels of a channel, as plain as can be: bytes in C order, x fastest.
struct KillVoxels: Equatable {
    /// Bytes of a voxel.
    let width: Int
    var bytes: [UInt8]

    /// Background.
    init(width: Int) {
        self.width = width
        bytes = [UInt8](repeating: 0, count: KillBox.whole.voxelCount * width)
    }

    init(width: Int, bytes: [UInt8]) {
        self.width = width
        self.bytes = bytes
    }

    /// Replaces voxels of a box.
    mutating func write(_ block: [UInt8], at box: KillBox, mode: KillWriteMode = .overwrite) {
        let width = width
        bytes.withUnsafeMutableBytes { bytes in
            block.withUnsafeBytes { block in
                guard let target = bytes.baseAddress, let source = block.baseAddress else { return }
                box.forEachRow { whole, part in
                    if mode == .overwrite {
                        memcpy(target + whole * width, source + part * width, box.x.count * width)
                        return
                    }
                    for x in 0..<box.x.count {
                        let (old, new) = (target + (whole + x) * width, source + (part + x) * width)
                        let judged = mode == .nonzero ? new : UnsafeRawPointer(old)
                        let isBackground = (0..<width).allSatisfy {
                            judged.load(fromByteOffset: $0, as: UInt8.self) == 0
                        }
                        if isBackground == (mode == .preserve) { memcpy(old, new, width) }
                    }
                }
            }
        }
    }

    /// The voxels of a box.
    func block(_ box: KillBox) -> [UInt8] {
        var block: [UInt8] = []
        block.reserveCapacity(box.voxelCount * width)
        box.forEachRow { whole, _ in
            block += bytes[(whole * width)..<((whole + box.x.count) * width)]
        }
        return block
    }

    /// Every second voxel along x and y, from the first one on.
    var strided: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 4)
        let (columns, rows) = (KillBox.whole.x.count, KillBox.whole.y.count)
        for z in KillBox.whole.z {
            for y in stride(from: 0, to: rows, by: 2) {
                for x in stride(from: 0, to: columns, by: 2) {
                    let start = ((z * rows + y) * columns + x) * width
                    result += bytes[start..<(start + width)]
                }
            }
        }
        return result
    }
}

/// The modes of INSERT CUTOUT that cannot fail.
enum KillWriteMode: String, CaseIterable {
    case overwrite = "OVERWRITE"
    case nonzero = "NONZERO"
    case preserve = "PRESERVE"
}

/// Numbered contents: noise, one value, rows of one value, or noise with holes.
struct KillContent {
    private static let shifts = 1 << 16
    private let noise: [UInt8]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = (0..<((Self.shifts + KillBox.whole.voxelCount * 8) / 8)).map { _ in random.next() }
        noise = words.withUnsafeBytes { Array($0) }
    }

    /// Voxels of a box, of so many bytes each.
    func block(_ number: Int, _ box: KillBox, width: Int) -> [UInt8] {
        let start = number &* 977 % Self.shifts
        let count = box.voxelCount * width
        let piece = noise[start..<(start + count)]
        switch number % 4 {
        case 0: return Array(piece)
        case 1: return Self.constant(number, count: box.voxelCount, width: width)
        case 2:
            let row = box.x.count * width
            return stride(from: 0, to: count, by: row).flatMap { offset in
                Self.constant(Int(noise[start + offset]), count: box.x.count, width: width)
            }
        default:
            var block = Array(piece)
            for voxel in 0..<box.voxelCount where noise[start + voxel] & 3 == 0 {
                for byte in 0..<width { block[voxel * width + byte] = 0 }
            }
            return block
        }
    }

    /// The same value everywhere, little-endian.
    static func constant(_ value: Int, count: Int, width: Int) -> [UInt8] {
        func bytes(_ voxel: some FixedWidthInteger) -> [UInt8] {
            Array(repeating: voxel.littleEndian, count: count).withUnsafeBytes { Array($0) }
        }
        return switch width {
        case 1: bytes(UInt8(truncatingIfNeeded: value))
        case 2: bytes(UInt16(truncatingIfNeeded: value))
        case 4: bytes(UInt32(truncatingIfNeeded: value))
        default: bytes(UInt64(truncatingIfNeeded: value))
        }
    }

    /// Writes a NumPy file, version 1.0 of the format: a header of 128 bytes, then the voxels.
    static func save(_ block: [UInt8], _ box: KillBox, width: Int, to path: String) throws(KillFailure) {
        let kind = width == 1 ? "|u1" : "<u\(width)"
        let shape = "(\(box.z.count), \(box.y.count), \(box.x.count))"
        var header = "{'descr': '\(kind)', 'fortran_order': False, 'shape': \(shape), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + block
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
            throw KillFailure("\(path) cannot be written")
        }
    }
}
