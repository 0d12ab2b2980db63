import BossQL

/// Labels like those of a dense segmentation: cells around seeded points (Voronoi), thin background between
/// them, about 36 IDs in 64 x 64 x 64 voxels.
struct LabelGenerator: Sendable {
    let seed: UInt64
    /// Distance of the points, in voxels.
    private static let spacing = 26
    /// Voxels about as near to two points are background: squared distances that differ by less.
    private static let gap: Int32 = 90

    private struct Site {
        var x: Int32
        var rest: Int32
        var id: UInt64
    }

    /// Fills dense C-order UINT64 memory with a box.
    ///
    /// - Precondition: eight bytes a voxel.
    func fill(_ box: VoxelBox, _ memory: UnsafeMutableRawBufferPointer) {
        precondition(memory.count == box.voxelCount * 8, "eight bytes a voxel")
        let labels = memory.bindMemory(to: UInt64.self)
        var offset = 0
        for z in box[.z] {
            for y in box[.y] {
                fillRow(
                    box[.x], y, z,
                    UnsafeMutableBufferPointer(rebasing: labels[offset..<offset + box.extent.x]))
                offset += box.extent.x
            }
        }
    }

    private func fillRow(_ xs: Range<Int>, _ y: Int, _ z: Int, _ row: UnsafeMutableBufferPointer<UInt64>) {
        var x = xs.lowerBound
        while x < xs.upperBound {
            let cell = x / Self.spacing
            let end = min(xs.upperBound, (cell + 1) * Self.spacing)
            let sites = sites(around: cell, y, z)
            sites.withUnsafeBufferPointer { sites in
                for position in x..<end { row[position - xs.lowerBound] = label(Int32(position), sites) }
            }
            x = end
        }
    }

    @inline(__always)
    private func label(_ x: Int32, _ sites: UnsafeBufferPointer<Site>) -> UInt64 {
        var (nearest, second, id) = (Int32.max, Int32.max, UInt64(0))
        for site in sites {
            let distance = (x &- site.x) &* (x &- site.x) &+ site.rest
            if distance < nearest {
                second = nearest
                (nearest, id) = (distance, site.id)
            } else if distance < second {
                second = distance
            }
        }
        return second &- nearest < Self.gap ? 0 : id
    }

    /// The points of 3 x 3 x 3 cells, with their squared distance in y and z; far ones cannot win and are left out.
    private func sites(around cellX: Int, _ y: Int, _ z: Int) -> [Site] {
        let spacing = Self.spacing
        var sites: [Site] = []
        sites.reserveCapacity(27)
        for cellZ in z / spacing - 1...z / spacing + 1 {
            for cellY in y / spacing - 1...y / spacing + 1 {
                for cellX in cellX - 1...cellX + 1 {
                    let random = SeededGenerator.hash(seed, cellX + 1, cellY + 1, cellZ + 1)
                    func place(_ cell: Int, _ shift: UInt64) -> Int {
                        cell * spacing + Int(random >> shift & 0xFFFF) * spacing >> 16
                    }
                    let (dy, dz) = (place(cellY, 16) - y, place(cellZ, 32) - z)
                    sites.append(
                        Site(
                            x: Int32(place(cellX, 0)), rest: Int32(dy * dy + dz * dz),
                            id: 1 << 32 | random >> 37 | 1))
                }
            }
        }
        return sites
    }
}
