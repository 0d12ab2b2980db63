extension ResolutionHierarchy {
    /// The relative error up to which a physical position counts as a whole number of voxels.
    private static let tolerance = 1e-9

    /// The frame's voxels at a level: at every halving the start is floored and the stop ceiled.
    public func box(at level: ResolutionLevel) -> VoxelBox {
        func range(_ axis: SpatialAxis) -> Range<Int> {
            let range = frame.box[axis]
            let halvings = halvings(of: level, axis)
            return range.lowerBound >> halvings..<Self.ceilingShift(range.upperBound, halvings)
        }
        return VoxelBox(x: range(.x), y: range(.y), z: range(.z))
    }

    /// The voxels of level `target` that cover a box of level `source`: lower ends floor, upper ends ceil.
    ///
    /// - Throws: `GeometryError.coordinateTooLarge` if a finer level's coordinates leave
    ///   ±`VoxelPoint.coordinateLimit`; the value is the coordinate given.
    public func box(
        _ box: VoxelBox, from source: ResolutionLevel, to target: ResolutionLevel
    ) throws(GeometryError) -> VoxelBox {
        func range(_ axis: SpatialAxis) throws(GeometryError) -> Range<Int> {
            let range = box[axis]
            let shift = halvings(of: target, axis) - halvings(of: source, axis)
            if shift >= 0 {
                return range.lowerBound >> shift..<Self.ceilingShift(range.upperBound, shift)
            }
            let (limit, factor) = (VoxelPoint.coordinateLimit, 1 << -shift)
            for bound in [range.lowerBound, range.upperBound] where bound.magnitude > UInt(limit / factor) {
                throw .coordinateTooLarge(axis: axis.axis, value: bound)
            }
            return range.lowerBound * factor..<range.upperBound * factor
        }
        return VoxelBox(x: try range(.x), y: try range(.y), z: try range(.z))
    }

    /// `value / 2^shift`, rounded up.
    private static func ceilingShift(_ value: Int, _ shift: Int) -> Int { -(-value >> shift) }

    /// The coarsest level of the hierarchy whose voxels are not longer along x than given; nil if even the
    /// finest are.
    ///
    /// The level is of the normal chain; x has the same size in both.
    public func coarsestLevel(notCoarserThan nanometers: Double) -> ResolutionLevel? {
        let native = frame.voxelSizeNanometers.x
        for level in (baseResolution...lastLevel).reversed()
        where native * Double(1 << level) <= nanometers * (1 + Self.tolerance) {
            return ResolutionLevel(unchecked: level, isIsotropic: false)
        }
        return nil
    }

    /// The voxels that cover a physical interval, measured from the physical origin.
    ///
    /// Voxel i covers `i * size` up to `(i + 1) * size`; the lower end is floored and the upper end ceiled,
    /// but an end within a relative 1e-9 of a voxel's border lies on it: 2 um at 4 nm end at 500 exactly.
    ///
    /// - Throws: `GeometryError.reversedInterval` (in voxels), or `GeometryError.coordinateTooLarge` for an
    ///   end beyond ±`VoxelPoint.coordinateLimit` or that is no number.
    public func voxels(
        fromNanometers lower: Double, toNanometers upper: Double, along axis: SpatialAxis,
        at level: ResolutionLevel
    ) throws(GeometryError) -> Range<Int> {
        let size = voxelSize(at: level)[axis] * frame.unit.nanometersPerUnit
        let first = try Self.border(lower / size, .down, axis)
        let end = try Self.border(upper / size, .up, axis)
        guard lower <= upper else { throw .reversedInterval(axis: axis.axis, lower: first, upper: end) }
        return first..<end
    }

    private static func border(
        _ position: Double, _ rule: FloatingPointRoundingRule, _ axis: SpatialAxis
    ) throws(GeometryError) -> Int {
        let limit = Double(VoxelPoint.coordinateLimit)
        guard position.magnitude <= limit else {
            throw .coordinateTooLarge(axis: axis.axis, value: position < 0 ? Int.min : Int.max)
        }
        let nearest = position.rounded()
        let isBorder = (position - nearest).magnitude <= tolerance * max(1, position.magnitude)
        return Int(isBorder ? nearest : position.rounded(rule))
    }
}
