/// A unit of length. The raw value is BossDB's word.
public enum LengthUnit: String, CaseIterable, Hashable, Sendable {
    /// 10^-9 m.
    case nanometers
    /// 10^-6 m.
    case micrometers
    /// 10^-3 m.
    case millimeters
    /// 10^-2 m.
    case centimeters

    /// Nanometers in one unit.
    public var nanometersPerUnit: Double {
        switch self {
        case .nanometers: 1
        case .micrometers: 1e3
        case .millimeters: 1e6
        case .centimeters: 1e7
        }
    }
}

/// A unit of time. The raw value is BossDB's word.
public enum TimeUnit: String, CaseIterable, Hashable, Sendable {
    /// 10^-9 s.
    case nanoseconds
    /// 10^-6 s.
    case microseconds
    /// 10^-3 s.
    case milliseconds
    /// One second.
    case seconds

    /// Nanoseconds in one unit.
    public var nanosecondsPerUnit: Double {
        switch self {
        case .nanoseconds: 1
        case .microseconds: 1e3
        case .milliseconds: 1e6
        case .seconds: 1e9
        }
    }
}

/// Physical lengths along x, y and z in a unit given beside them, for example the size of a voxel.
public struct PhysicalSize: Hashable, Sendable {
    /// Length along x.
    public var x: Double
    /// Length along y.
    public var y: Double
    /// Length along z.
    public var z: Double

    /// A size from its three lengths.
    public init(x: Double, y: Double, z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The length along a spatial axis.
    public subscript(axis: SpatialAxis) -> Double {
        switch axis {
        case .x: x
        case .y: y
        case .z: z
        }
    }

    /// Every length times a factor, for example `unit.nanometersPerUnit`.
    public func scaled(by factor: Double) -> PhysicalSize {
        PhysicalSize(x: x * factor, y: y * factor, z: z * factor)
    }
}
