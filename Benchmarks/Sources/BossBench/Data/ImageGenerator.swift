import BossQL

/// Voxels like those of an electron microscope: smooth structure under noise of about 6 bits a voxel,
/// so that LZ4 gains nothing, as with real 8-bit EM.
struct ImageGenerator: Sendable {
    let seed: UInt64
    /// Distance of the points between which the structure is interpolated, in voxels.
    private static let lattice = VoxelExtent(x: 16, y: 16, z: 8)
    private static let structure: Int32 = 64
    private static let noiseMask: UInt64 = 0x3F3F_3F3F_3F3F_3F3F

    /// Fills dense C-order UINT8 memory with a box.
    ///
    /// - Precondition: one byte a voxel, and the box is a multiple of 8 voxels long along x.
    func fill(_ box: VoxelBox, _ memory: UnsafeMutableRawBufferPointer) {
        precondition(memory.count == box.voxelCount && box.extent.x % 8 == 0, "whole words of voxels")
        var offset = 0
        for z in box[.z] {
            for y in box[.y] {
                fillRow(
                    box[.x], y, z,
                    UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + box.extent.x]))
                offset += box.extent.x
            }
        }
    }

    private func fillRow(_ xs: Range<Int>, _ y: Int, _ z: Int, _ row: UnsafeMutableRawBufferPointer) {
        let step = Self.lattice
        let firstPoint = xs.lowerBound / step.x
        let points = (firstPoint...(xs.upperBound - 1) / step.x + 1).map { value($0, y, z) }
        for word in 0..<xs.count / 8 {
            let noise = SeededGenerator.hash(seed, xs.lowerBound + word, y, z) & Self.noiseMask
            for byte in 0..<8 {
                let x = xs.lowerBound + word * 8 + byte
                let (point, part) = (x / step.x - firstPoint, Int32(x % step.x))
                let smooth =
                    (points[point] * (Int32(step.x) - part) + points[point + 1] * part) / Int32(step.x)
                let grain = Int32(noise >> UInt64(8 * byte) & 0xFF) - 32
                row[word * 8 + byte] = UInt8(truncatingIfNeeded: 128 + smooth + grain)
            }
        }
    }

    /// The structure at a lattice x and any y and z, -64 to 64.
    private func value(_ pointX: Int, _ y: Int, _ z: Int) -> Int32 {
        let step = Self.lattice
        let (pointY, pointZ) = (y / step.y, z / step.z)
        let (partY, partZ) = (Int32(y % step.y), Int32(z % step.z))
        func corner(_ dy: Int, _ dz: Int) -> Int32 {
            let random = SeededGenerator.hash(seed ^ 0xE0, pointX, pointY + dy, pointZ + dz)
            return Int32(random >> 40 & 0x7F) - Self.structure
        }
        let near = (corner(0, 0) * (Int32(step.y) - partY) + corner(1, 0) * partY) / Int32(step.y)
        let far = (corner(0, 1) * (Int32(step.y) - partY) + corner(1, 1) * partY) / Int32(step.y)
        return (near * (Int32(step.z) - partZ) + far * partZ) / Int32(step.z)
    }
}
