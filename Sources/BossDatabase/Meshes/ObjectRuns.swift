import BossGeometry
import BossMeshes
import BossVoxels

/// The voxels of one ID in a few planes, as runs along x.
struct ObjectRuns: Sendable {
    let id: UInt64
    private let firstPlane: Int
    /// Runs of each plane, in no order.
    private(set) var planes: [[MaskRun]]
    /// Runs of all planes.
    private(set) var count = 0

    init(_ id: UInt64, planes: Range<Int>) {
        self.id = id
        firstPlane = planes.lowerBound
        self.planes = Array(repeating: [], count: planes.count)
    }

    /// Adds the ID's voxels of a box, absolute.
    mutating func add(_ box: VoxelBox, _ content: RegionScanner.Content) {
        switch content {
        case .constant(id):
            for z in box[.z] {
                for y in box[.y] { add(box[.x], y, z) }
            }
        case .constant: break
        case .voxels(let window):
            // Most bricks of a region have nothing of an ID, or little.
            guard let part = VoxelScan.boundingBox(ofValue: id, in: window) else { return }
            let (lower, id) = (box.lower, id)
            window.part(origin: part.lower, extent: part.extent).forEachRun { value, position, length in
                guard value == id else { return }
                let x = lower.x + part.lower.x + position.x
                add(x..<x + length, lower.y + part.lower.y + position.y, lower.z + part.lower.z + position.z)
            }
        }
    }

    private mutating func add(_ x: Range<Int>, _ y: Int, _ z: Int) {
        planes[z - firstPlane].append(MaskRun(y: y, x: x))
        count += 1
    }

    mutating func merge(_ other: ObjectRuns) {
        for plane in planes.indices { planes[plane] += other.planes[plane] }
        count += other.count
    }
}
