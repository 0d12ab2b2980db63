import BossGeometry
import BossTestSupport
import BossVoxels

/// Arrays of labels of kinds that bricks have in life, and of kinds that nobody has.
enum LabelPattern: String, CaseIterable, Sendable {
    /// Cells around random seeds, the way of a segmentation.
    case cells
    /// Stripes across x, the same in every row.
    case stripes
    /// Cells of which only one axis' neighbours are alike.
    case shearedStripes
    /// More values than a byte can number.
    case manyValues
    /// Every other voxel another value.
    case checkers
    /// One voxel unlike the rest.
    case oneVoxel
    /// One value.
    case constant

    /// Values in C-order.
    func values(_ extent: VoxelExtent, seed: UInt64, largest: UInt64 = .max) -> [UInt64] {
        var random = SeededGenerator(seed: seed)
        let palette = (0..<1000).map { _ in random.next() & largest }
        let cells = (0..<12).map { _ in
            VoxelPoint(
                x: Int.random(in: 0..<extent.x, using: &random),
                y: Int.random(in: 0..<extent.y, using: &random),
                z: Int.random(in: 0..<extent.z, using: &random))
        }
        let special = Int.random(in: 0..<extent.voxelCount, using: &random)
        return (0..<extent.voxelCount).map { index in
            let (x, y, z) = (
                index % extent.x, index / extent.x % extent.y, index / extent.x / extent.y
            )
            switch self {
            case .cells:
                let nearest = cells.indices.min {
                    distance(cells[$0], x, y, z) < distance(cells[$1], x, y, z)
                }
                return nearest.map { $0 == 0 ? 0 : palette[$0] } ?? 0
            case .stripes: return palette[x / 7 % 50]
            case .shearedStripes: return palette[(x + 20 * y + 3 * z) / 11 % 60]
            case .manyValues: return palette[(x / 8 + 40 * y + 13 * z) % 1000]
            case .checkers: return palette[(x + y + z) % 2]
            case .oneVoxel: return palette[index == special ? 1 : 0]
            case .constant: return palette[0]
            }
        }
    }

    private func distance(_ point: VoxelPoint, _ x: Int, _ y: Int, _ z: Int) -> Int {
        (point.x - x) * (point.x - x) + (point.y - y) * (point.y - y) + 16 * (point.z - z) * (point.z - z)
    }

    /// The low bytes of values, little-endian.
    static func bytes(_ values: [UInt64], voxelByteCount: Int) -> [UInt8] {
        values.flatMap { value in
            (0..<voxelByteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
    }
}
