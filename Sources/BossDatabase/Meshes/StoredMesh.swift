import BossCodec
import BossGeometry
import BossMeshes

/// A mesh as a page holds it, with what it is a mesh of; little-endian.
///
///      0  u32 magic "BQMS"      4  u32 version, 1
///      8  6 x i64, the object's bounding box at the base level: x, y, z of the first voxel, then one past the last
///     56  u64 the object's voxels
///     64  u32 bytes of the mesh              68  u32 CRC of bytes 0..<68, then of the mesh
///     72  the mesh as a precomputed fragment; zeros to the end of the page's last brick
struct StoredMesh {
    /// Where the object was.
    let box: VoxelBox
    /// How many voxels it had.
    let voxelCount: UInt64
    let mesh: Mesh

    private static let magic: UInt32 = 0x534D_5142
    private static let headByteCount = 72
    private static let checkedByteCount = 68

    init(box: VoxelBox, voxelCount: UInt64, mesh: Mesh) {
        (self.box, self.voxelCount, self.mesh) = (box, voxelCount, mesh)
    }

    /// The bytes of a page.
    ///
    /// - Returns: nil for a mesh of more bytes than allowed.
    func encoded(byteLimit: Int) -> [UInt8]? {
        guard byteLimit > Self.headByteCount,
            let body = mesh.encoded(as: .precomputed, byteLimit: byteLimit - Self.headByteCount)
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headByteCount + body.count)
        bytes.append(Self.magic)
        bytes.append(UInt32(1))
        for corner in [box.lower, box.upper] {
            for axis in SpatialAxis.allCases { bytes.append(Int64(corner[axis])) }
        }
        bytes.append(voxelCount)
        bytes.append(UInt32(body.count))
        bytes.append(Self.checksum(bytes[...], body[...]))
        return bytes + body
    }

    /// Reads the bytes of a page.
    ///
    /// - Returns: nil for bytes that are damaged, or no mesh.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headByteCount, bytes.number(at: 0, as: UInt32.self) == Self.magic,
            bytes.number(at: 4, as: UInt32.self) == 1
        else { return nil }
        let end = Self.headByteCount + Int(bytes.number(at: 64, as: UInt32.self))
        guard end <= bytes.count else { return nil }
        let body = bytes[Self.headByteCount..<end]
        guard
            Self.checksum(bytes[..<Self.checkedByteCount], body)
                == bytes.number(at: Self.checkedByteCount, as: UInt32.self)
        else { return nil }
        let bounds = (0..<6).map { Int(bytes.number(at: 8 + $0 * 8, as: Int64.self)) }
        guard
            let box = try? VoxelBox(
                lower: VoxelPoint(x: bounds[0], y: bounds[1], z: bounds[2]),
                upper: VoxelPoint(x: bounds[3], y: bounds[4], z: bounds[5])),
            let mesh = try? Mesh(encoded: Array(body), as: .precomputed)
        else { return nil }
        self.init(box: box, voxelCount: bytes.number(at: 56, as: UInt64.self), mesh: mesh)
    }

    private static func checksum(_ head: ArraySlice<UInt8>, _ body: ArraySlice<UInt8>) -> UInt32 {
        let first = head.withUnsafeBytes { CRC32C.checksum($0) }
        let second = body.withUnsafeBytes { CRC32C.checksum($0) }
        var both: [UInt8] = []
        both.append(first)
        both.append(second)
        return both.withUnsafeBytes { CRC32C.checksum($0) }
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// - Precondition: the number lies inside.
    fileprivate func number<Number: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Number.Type
    ) -> Number {
        precondition(offset + MemoryLayout<Number>.size <= count, "a number inside")
        return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }
}
