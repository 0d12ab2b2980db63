import BossGeometry

extension CuboidGrid {
    /// A box cut into parts that hold whole cuboids, or as much of one as is allowed; by z, y and x.
    ///
    /// Parts grow along x first, then y, so that most follow each other in memory.
    ///
    /// - Parameter voxelCount: the most voxels of a part.
    func parts(of box: VoxelBox, voxelCount: Int) -> [VoxelBox] {
        var step = cuboid
        var left = max(1, voxelCount)
        step.x = min(step.x, left)
        left /= step.x
        step.y = min(step.y, left)
        left /= step.y
        step.z = min(step.z, left)
        step.x = grown(step.x, along: .x, of: box, fitting: voxelCount / (step.y * step.z))
        step.y = grown(step.y, along: .y, of: box, fitting: voxelCount / (step.x * step.z))
        step.z = grown(step.z, along: .z, of: box, fitting: voxelCount / (step.x * step.y))
        var parts: [VoxelBox] = []
        for z in box[.z].cut(every: step.z) {
            for y in box[.y].cut(every: step.y) {
                for x in box[.x].cut(every: step.x) { parts.append(VoxelBox(x: x, y: y, z: z)) }
            }
        }
        return parts
    }

    /// As many steps as fit, or what reaches from the first to the last of a box.
    private func grown(_ step: Int, along axis: SpatialAxis, of box: VoxelBox, fitting length: Int) -> Int {
        let (first, last) = (box[axis].lowerBound.quotient(step), (box[axis].upperBound - 1).quotient(step))
        return step * max(1, min(length / step, last - first + 1))
    }
}

extension Range<Int> {
    /// The range cut at all multiples of a length.
    fileprivate func cut(every length: Int) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        return (lowerBound.quotient(length)...(upperBound - 1).quotient(length)).map { number in
            (number * length..<(number + 1) * length).clamped(to: self)
        }
    }
}

extension Int {
    /// Divided and rounded down.
    fileprivate func quotient(_ divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
