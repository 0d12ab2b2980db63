import BossGeometry
import BossTestSupport
import BossVoxels

/// A dense array as the oracles see it: one number of bits a voxel and triple loops.
struct NaiveArray {
    let extent: VoxelExtent
    let voxelByteCount: Int
    /// The bits of every voxel in C-order, zero-extended.
    var values: [UInt64]

    /// An array of values that `next` draws.
    init(_ extent: VoxelExtent, voxelByteCount: Int, _ next: () -> UInt64) {
        self.extent = extent
        self.voxelByteCount = voxelByteCount
        let mask = UInt64.max >> UInt64(64 - 8 * voxelByteCount)
        values = (0..<extent.voxelCount).map { _ in next() & mask }
    }

    /// Values of which many are equal: background, small numbers, and now and then anything.
    static func random(
        _ extent: VoxelExtent, voxelByteCount: Int, background: UInt64 = 0,
        using random: inout SeededGenerator
    ) -> NaiveArray {
        NaiveArray(extent, voxelByteCount: voxelByteCount) {
            switch UInt64.random(in: 0..<8, using: &random) {
            case 0...2: background
            case 3...6: UInt64.random(in: 0...3, using: &random)
            default: random.next()
            }
        }
    }

    subscript(point: VoxelPoint) -> UInt64 {
        get { values[index(point)] }
        set { values[index(point)] = newValue }
    }

    private func index(_ point: VoxelPoint) -> Int {
        (point.z * extent.y + point.y) * extent.x + point.x
    }

    /// The array's bytes, little-endian.
    var bytes: [UInt8] {
        get {
            values.flatMap { value in
                (0..<voxelByteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
            }
        }
        set {
            values = values.indices.map { index in
                (0..<voxelByteCount).reduce(UInt64(0)) { bits, byte in
                    bits | UInt64(newValue[index * voxelByteCount + byte]) << UInt64(8 * byte)
                }
            }
        }
    }

    /// Calls `body` with a window on a copy of the bytes that starts at an odd address.
    func withWindow<R>(_ box: VoxelBox, _ body: (VoxelWindow) throws -> R) rethrows -> R {
        try ([0] + bytes).withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { preconditionFailure("one byte at least") }
            return try body(
                VoxelWindow(
                    base + 1, arrayExtent: extent, origin: box.lower, extent: box.extent,
                    voxelByteCount: voxelByteCount))
        }
    }
}

extension VoxelBox {
    /// All voxels in C-order.
    var points: [VoxelPoint] {
        var points: [VoxelPoint] = []
        for z in self[.z] {
            for y in self[.y] {
                for x in self[.x] { points.append(VoxelPoint(x: x, y: y, z: z)) }
            }
        }
        return points
    }
}

extension VoxelExtent {
    /// A size with lengths from 1 up to those given.
    static func random(upTo limit: VoxelExtent, using random: inout SeededGenerator) -> VoxelExtent {
        VoxelExtent(
            x: Int.random(in: 1...limit.x, using: &random), y: Int.random(in: 1...limit.y, using: &random),
            z: Int.random(in: 1...limit.z, using: &random))
    }

    /// Whole axes, single voxels and anything between, at a place where the size fits.
    func randomBox(size: VoxelExtent, using random: inout SeededGenerator) -> VoxelBox {
        VoxelBox(
            origin: VoxelPoint(
                x: Int.random(in: 0...x - size.x, using: &random),
                y: Int.random(in: 0...y - size.y, using: &random),
                z: Int.random(in: 0...z - size.z, using: &random)), extent: size)
    }
}

/// Two arrays and a box that fits both.
struct CopyCase {
    var source: NaiveArray
    var destination: NaiveArray
    let sourceOrigin: VoxelPoint
    let destinationOrigin: VoxelPoint
    let extent: VoxelExtent

    /// A random case; every axis is whole on both sides with probability 1/3, one voxel long with 1/6.
    static func random(
        voxelByteCount: Int, background: UInt64 = 0, using random: inout SeededGenerator
    ) -> CopyCase {
        func axis(_ longest: Int) -> (source: Int, destination: Int, box: Int) {
            let box = Int.random(in: 1...longest, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: return (box, box, box)
            case 2: return (box, Int.random(in: 1...longest, using: &random), 1)
            default:
                return (
                    box + Int.random(in: 0...5, using: &random), box + Int.random(in: 0...5, using: &random),
                    box
                )
            }
        }
        let rows = [1, 2, 4, 8, 16, 32, 64, 128].filter { $0 >= voxelByteCount }
        var x = axis(20)
        if Bool.random(using: &random), let row = rows.randomElement(using: &random) {
            x = (row / voxelByteCount + 3, row / voxelByteCount + 1, row / voxelByteCount)
        }
        let (y, z) = (axis(7), axis(6))
        let source = NaiveArray.random(
            VoxelExtent(x: x.source, y: y.source, z: z.source), voxelByteCount: voxelByteCount,
            background: background, using: &random)
        let destination = NaiveArray.random(
            VoxelExtent(x: x.destination, y: y.destination, z: z.destination), voxelByteCount: voxelByteCount,
            background: background, using: &random)
        let extent = VoxelExtent(x: x.box, y: y.box, z: z.box)
        return CopyCase(
            source: source, destination: destination,
            sourceOrigin: source.extent.randomBox(size: extent, using: &random).lower,
            destinationOrigin: destination.extent.randomBox(size: extent, using: &random).lower,
            extent: extent)
    }

    /// The naive result: `merge` gives the new value from the old one and the source's.
    func expected(_ merge: (_ old: UInt64, _ new: UInt64) -> UInt64) -> (array: NaiveArray, changed: Int) {
        var result = destination
        var changed = 0
        for point in VoxelBox(origin: .zero, extent: extent).points {
            let from = VoxelPoint(
                x: point.x + sourceOrigin.x, y: point.y + sourceOrigin.y, z: point.z + sourceOrigin.z)
            let to = VoxelPoint(
                x: point.x + destinationOrigin.x, y: point.y + destinationOrigin.y,
                z: point.z + destinationOrigin.z)
            let value = merge(destination[to], source[from])
            changed += value == destination[to] ? 0 : 1
            result[to] = value
        }
        return (result, changed)
    }

    /// The destination's bytes after `body`, which is given both arrays' addresses, at odd places.
    func run<R>(_ body: (UnsafeRawPointer, UnsafeMutableRawPointer) -> R) -> (bytes: [UInt8], result: R) {
        let sourceBytes = [0] + source.bytes
        var destinationBytes = [0] + destination.bytes
        let result = sourceBytes.withUnsafeBytes { from in
            destinationBytes.withUnsafeMutableBytes { to -> R in
                guard let from = from.baseAddress, let to = to.baseAddress else {
                    preconditionFailure("one byte at least")
                }
                return body(from + 1, to + 1)
            }
        }
        return (Array(destinationBytes.dropFirst()), result)
    }
}
