/// An axis of a volume. Memory and disk are C-order: t outermost, then z, y, and x fastest.
public enum Axis: String, CaseIterable, Hashable, Sendable {
    /// Fastest-varying spatial axis.
    case x = "X"
    /// Second spatial axis.
    case y = "Y"
    /// Slowest spatial axis, the section number of a stack.
    case z = "Z"
    /// Time sample.
    case t = "T"
}

/// One of the three spatial axes.
public enum SpatialAxis: String, CaseIterable, Hashable, Sendable {
    /// Fastest-varying axis.
    case x = "X"
    /// Second axis.
    case y = "Y"
    /// Slowest axis.
    case z = "Z"

    /// The same axis among all four.
    public var axis: Axis {
        switch self {
        case .x: .x
        case .y: .y
        case .z: .z
        }
    }
}
