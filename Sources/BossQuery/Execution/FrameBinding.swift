import BossDatabase
import BossGeometry

/// The extent and voxel size of CREATE FRAME in numbers.
struct BoundFrame {
    let lower: VoxelPoint
    let upper: VoxelPoint
    let voxelSize: PhysicalSize
    let unit: LengthUnit
}

extension StatementExecutor {
    /// Binds the axes and the voxel size of a frame.
    ///
    /// - Throws: 22023 for an axis without an upper bound or a voxel size that is not above zero, 22V02 for
    ///   an empty axis, 42V03 for mixed plain and unit bounds, 42804 for a unit that is no length.
    func bind(_ frame: FrameSyntax) throws(DatabaseError) -> BoundFrame {
        let (size, unit) = try voxelSize(frame)
        let grid = try voxelGrid(size, unit, frame)
        let ranges = (
            x: try range(frame.x, .x, grid), y: try range(frame.y, .y, grid), z: try range(frame.z, .z, grid)
        )
        return BoundFrame(
            lower: VoxelPoint(x: ranges.x.lower, y: ranges.y.lower, z: ranges.z.lower),
            upper: VoxelPoint(x: ranges.x.upper, y: ranges.y.upper, z: ranges.z.upper), voxelSize: size,
            unit: unit)
    }

    /// The three sizes in their common unit, or in nanometers when they have different ones.
    private func voxelSize(_ frame: FrameSyntax) throws(DatabaseError) -> (PhysicalSize, LengthUnit) {
        let sizes = [frame.voxelX, frame.voxelY, frame.voxelZ]
        for size in sizes where size.value.unit.dimension != .length {
            throw Self.mismatch("a length such as 4nm", size.position)
        }
        let units = Set(sizes.map(\.value.unit))
        let unit = units.count == 1 ? units.first?.lengthUnit ?? .nanometers : .nanometers
        func length(_ size: Located<Quantity>) -> Double { size.value.value(in: unit.measurementUnit) }
        let size = PhysicalSize(x: length(frame.voxelX), y: length(frame.voxelY), z: length(frame.voxelZ))
        return (size, unit)
    }

    /// Voxels of that size from the origin on, to which bounds in units are rounded as in regions.
    private func voxelGrid(
        _ size: PhysicalSize, _ unit: LengthUnit, _ frame: FrameSyntax
    ) throws(DatabaseError) -> ResolutionHierarchy {
        do throws(GeometryError) {
            let first = try CoordinateFrame(
                box: VoxelBox(x: 0..<1, y: 0..<1, z: 0..<1), voxelSize: size, unit: unit)
            return try ResolutionHierarchy(frame: first, method: .isotropic, levelCount: 1)
        } catch {
            var position = frame.voxelX.position
            if case .invalidVoxelSize(let axis, _) = error {
                if axis == .y { position = frame.voxelY.position }
                if axis == .z { position = frame.voxelZ.position }
            }
            throw DatabaseError(error).at(position)
        }
    }

    private func range(
        _ clause: AxisClause, _ axis: SpatialAxis, _ grid: ResolutionHierarchy
    ) throws(DatabaseError) -> (lower: Int, upper: Int) {
        guard case .interval(let lower, let upper?) = clause.range else {
            throw DatabaseError(
                "22023", "the frame needs an upper bound along \(axis.rawValue)",
                hint: "write \(axis.rawValue) 0:4096 for 4096 voxels", position: clause.position.source)
        }
        if let lower {
            let isMixed =
                switch (lower, upper) {
                case (.quantity, .integer), (.integer, .quantity): true
                default: false
                }
            guard !isMixed else {
                throw DatabaseError(
                    "42V03", "\(axis.rawValue) mixes a plain bound with one in units",
                    hint: "give both in voxels or both with a unit", position: clause.position.source)
            }
        }
        let first =
            try lower.map { (bound) throws(DatabaseError) in try voxel(bound, axis, grid, isUpper: false) }
            ?? 0
        let last = try voxel(upper, axis, grid, isUpper: true)
        guard first < last else {
            throw DatabaseError(
                "22V02", "\(axis.rawValue) \(first):\(last) is \(first == last ? "empty" : "reversed")",
                hint: "ranges are half-open: \(axis.rawValue) 0:1 is one voxel",
                position: clause.position.source)
        }
        return (first, last)
    }

    private func voxel(
        _ bound: Bound, _ axis: SpatialAxis, _ grid: ResolutionHierarchy, isUpper: Bool
    ) throws(DatabaseError) -> Int {
        switch bound {
        case .integer(let value, _): return Int(value)
        case .parameter(let number, let position): return try integer(parameter(number, position), position)
        case .quantity(let quantity, let position):
            guard quantity.unit.dimension == .length else {
                throw Self.mismatch("a length such as 12.5um", position)
            }
            return try locating(position) { () throws(DatabaseError) in
                try mappingErrors { () throws(GeometryError) in
                    let end = quantity.baseValue
                    let voxels = try grid.voxels(
                        fromNanometers: min(0, end), toNanometers: max(0, end), along: axis, at: .native)
                    if end < 0 { return voxels.lowerBound }
                    return isUpper ? voxels.upperBound : try floor(end, axis, grid)
                }
            }
        }
    }

    /// The voxel that holds a position at or above the origin.
    private func floor(
        _ nanometers: Double, _ axis: SpatialAxis, _ grid: ResolutionHierarchy
    ) throws(GeometryError) -> Int {
        try grid.voxels(fromNanometers: nanometers, toNanometers: nanometers, along: axis, at: .native)
            .lowerBound
    }
}

extension Quantity {
    /// The number in another unit of the same kind.
    ///
    /// The decimal point is moved in the decimal spelling, so 0.0011mm are 1100nm exactly.
    func value(in target: MeasurementUnit) -> Double {
        let power = unit.powerOfTen - target.powerOfTen
        guard power != 0 else { return value }
        let parts = value.description.split(separator: "e")
        let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + power
        return Double("\(parts[0])e\(exponent)") ?? .infinity
    }
}

extension MeasurementUnit {
    /// The unit of length that frames keep; meters are kept as centimeters.
    var lengthUnit: LengthUnit? {
        switch self {
        case .nanometers: .nanometers
        case .micrometers: .micrometers
        case .millimeters: .millimeters
        case .centimeters, .meters: .centimeters
        default: nil
        }
    }

    /// The unit of time that experiments keep.
    var timeUnit: TimeUnit? {
        switch self {
        case .nanoseconds: .nanoseconds
        case .microseconds: .microseconds
        case .milliseconds: .milliseconds
        case .seconds: .seconds
        default: nil
        }
    }

    /// For lengths and times, the unit as a power of ten of a nanometer or a nanosecond.
    fileprivate var powerOfTen: Int {
        switch self {
        case .micrometers, .microseconds: 3
        case .millimeters, .milliseconds: 6
        case .centimeters: 7
        case .meters, .seconds: 9
        default: 0
        }
    }
}

extension LengthUnit {
    /// The unit as it is written.
    var measurementUnit: MeasurementUnit {
        switch self {
        case .nanometers: .nanometers
        case .micrometers: .micrometers
        case .millimeters: .millimeters
        case .centimeters: .centimeters
        }
    }
}

extension TimeUnit {
    /// The unit as it is written.
    var measurementUnit: MeasurementUnit {
        switch self {
        case .nanoseconds: .nanoseconds
        case .microseconds: .microseconds
        case .milliseconds: .milliseconds
        case .seconds: .seconds
        }
    }
}
