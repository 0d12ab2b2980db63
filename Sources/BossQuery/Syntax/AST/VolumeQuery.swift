package import BossGeometry

/// What a volume query makes. The raw value is the word after SELECT.
package enum VolumeArtifact: String, CaseIterable, Hashable, Sendable {
    case cutout = "CUTOUT"
    case slice = "SLICE"
    case image = "IMAGE"
    case tile = "TILE"
    case mesh = "MESH"
}

/// `SELECT CUTOUT|SLICE|IMAGE|TILE|MESH ...`.
package struct VolumeQuery: Hashable, Sendable {
    package var artifact: Located<VolumeArtifact>
    /// The per-voxel expression; nil is the voxel's value.
    package var expression: Expression?
    /// At least one.
    package var sources: [VolumeSource]
    package var plane: PlaneClause?
    package var region: RegionSyntax
    /// Voxels that fail it become background.
    package var condition: Expression?
    package var projection: ProjectionClause?
    package var format: FormatClause?
    package var destination: VolumeDestination?
    package var position: NodePosition
}

/// A channel that a volume query reads.
package struct VolumeSource: Hashable, Sendable {
    package let path: PathSyntax
    package let alias: Identifier?
    /// `RESAMPLE NEAREST`: the channel may be coarser than the others.
    package let resamplesNearest: Bool
}

/// Two axes of a plane.
package enum PlaneAxes: String, CaseIterable, Hashable, Sendable {
    case xy = "XY"
    case xz = "XZ"
    case yz = "YZ"
}

/// `PLANE ...`.
package struct PlaneClause: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// `PLANE XY`.
        case axes(PlaneAxes)
        /// `PLANE XY SIZE 512 AT (column, row, slice)`; only for TILE.
        case tile(PlaneAxes, size: Located<Int>, at: PointSyntax)
        /// A cut in any orientation; origin and step in nanometers.
        case oblique(ObliquePlane)
    }

    package let kind: Kind
    package let interpolation: Located<Interpolation>?
    package let position: NodePosition
}

/// `ORIGIN (..) U (..) V (..) SIZE w, h [STEP q]`.
package struct ObliquePlane: Hashable, Sendable {
    package let origin: VectorSyntax
    package let u: VectorSyntax
    package let v: VectorSyntax
    /// Samples along u and v.
    package let width: Located<Int>
    package let height: Located<Int>
    package let step: Located<Quantity>?
}

/// Three decimal numbers.
package struct VectorSyntax: Hashable, Sendable {
    package let x: Double
    package let y: Double
    package let z: Double
    package let position: NodePosition
}

/// How values between voxels are made.
package enum Interpolation: String, CaseIterable, Hashable, Sendable {
    case nearest = "NEAREST"
    case linear = "LINEAR"
}

/// `PROJECT MAX ALONG Z, T`.
package struct ProjectionClause: Hashable, Sendable {
    package let function: Located<ProjectionFunction>
    /// At least one; no axis twice.
    package let axes: [Located<Axis>]
    package let position: NodePosition
}

/// What is kept of the voxels along a projected axis.
package enum ProjectionFunction: String, CaseIterable, Hashable, Sendable {
    case maximum = "MAX"
    case minimum = "MIN"
    case mean = "MEAN"
    case standardDeviation = "STDDEV"
    case sum = "SUM"
    case count = "COUNT"
    case mode = "MODE"
}

/// `FORMAT PNG (WINDOW 0, 255)`. Which names exist is decided when the statement is bound.
package struct FormatClause: Hashable, Sendable {
    package let name: Identifier
    package let options: [FormatOption]
    package let position: NodePosition
}

/// An option of a picture format; each at most once.
package enum FormatOption: Hashable, Sendable {
    case quality(Located<UInt64>)
    /// Values that become black and white.
    case window(lower: Scalar, upper: Scalar, NodePosition)
    case color(Located<ColorScheme>)
    case scale(Scalar)
    /// Composites labels of another source over the image.
    case over(Identifier, alpha: Scalar, NodePosition)
}

/// How labels and values become colours.
package enum ColorScheme: String, CaseIterable, Hashable, Sendable {
    case gray = "GRAY"
    case hash = "HASH"
}

/// `INTO ...`.
package enum VolumeDestination: Hashable, Sendable {
    case file(Located<String>)
    case channel(PathSyntax)

    package var position: NodePosition {
        switch self {
        case .file(let name): name.position
        case .channel(let path): path.position
        }
    }
}
