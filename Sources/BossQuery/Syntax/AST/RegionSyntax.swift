package import BossGeometry

/// The region clause, the same in every statement that has one. An absent item is nil.
///
/// The parser has already refused repeated items and a second shape beside `BOX`, `AROUND` or `OF ID` (axis
/// ranges may stand beside `OF ID` and cut it).
package struct RegionSyntax: Hashable, Sendable {
    package var resolution: ResolutionClause?
    /// `COORDS RES n`: the level whose voxels the numbers count.
    package var coordinates: Located<Int>?
    package var x: AxisClause?
    package var y: AxisClause?
    package var z: AxisClause?
    package var t: AxisClause?
    package var shape: RegionShape?
    /// `IN ROI path`.
    package var regionOfInterest: PathSyntax?
    package var outside: OutsideClause?
    /// The text of the clause, or where it could have stood.
    package var position: NodePosition

    package init(position: NodePosition) { self.position = position }

    /// The range of an axis.
    package subscript(axis: Axis) -> AxisClause? {
        get {
            switch axis {
            case .x: x
            case .y: y
            case .z: z
            case .t: t
            }
        }
        set {
            switch axis {
            case .x: x = newValue
            case .y: y = newValue
            case .z: z = newValue
            case .t: t = newValue
            }
        }
    }

    /// Whether nothing was written.
    package var isEmpty: Bool {
        resolution == nil && coordinates == nil && x == nil && y == nil && z == nil && t == nil
            && shape == nil
            && regionOfInterest == nil && outside == nil
    }
}

/// `RES 2`, `RES AT 32nm`, `RES 2 ISO`.
package struct ResolutionClause: Hashable, Sendable {
    package enum Choice: Hashable, Sendable {
        case level(Int)
        /// The coarsest level whose x voxel size is not larger.
        case voxelSize(Quantity)
    }

    package let choice: Choice
    package let isIsotropic: Bool
    package let position: NodePosition
}

/// The range of one axis.
package struct AxisClause: Hashable, Sendable {
    package enum Range: Hashable, Sendable {
        /// `*`, or `:` with both ends open.
        case all
        /// One voxel or sample, `X 100`; SLICE and IMAGE drop the axis.
        case single(Bound)
        /// Half-open; a nil end is the end of the frame.
        case interval(lower: Bound?, upper: Bound?)
    }

    package let range: Range
    package let position: NodePosition
}

/// An end of a range or a coordinate of a point.
package enum Bound: Hashable, Sendable {
    /// In voxels or samples.
    case integer(Int64, NodePosition)
    /// In a physical unit; the minus sign is part of the value.
    case quantity(Quantity, NodePosition)
    /// `$1` to `$999`.
    case parameter(Int, NodePosition)

    package var position: NodePosition {
        switch self {
        case .integer(_, let position), .quantity(_, let position), .parameter(_, let position): position
        }
    }
}

/// `(x, y, z)`.
package struct PointSyntax: Hashable, Sendable {
    package let x: Bound
    package let y: Bound
    package let z: Bound
    package let position: NodePosition
}

/// A region that is not written axis by axis.
package enum RegionShape: Hashable, Sendable {
    /// Half-open from the first corner to the second.
    case box(PointSyntax, PointSyntax, NodePosition)
    /// A box around a voxel; one size stands for all three axes.
    case around(PointSyntax, size: SizeSyntax, NodePosition)
    /// The bounding box of an object, grown by `padding` voxels.
    case object(Scalar, padding: Located<Int>?, NodePosition)

    package var position: NodePosition {
        switch self {
        case .box(_, _, let position), .around(_, _, let position), .object(_, _, let position): position
        }
    }
}

/// Three sizes in voxels, x, y, z.
package struct SizeSyntax: Hashable, Sendable {
    package let x: Int
    package let y: Int
    package let z: Int
    package let position: NodePosition
}

/// What to do where a region leaves the extent of the level.
package struct OutsideClause: Hashable, Sendable {
    package enum Policy: Hashable, Sendable {
        case error
        case clip
        /// nil fills with the background.
        case fill(Scalar?)
    }

    package let policy: Policy
    package let position: NodePosition
}
