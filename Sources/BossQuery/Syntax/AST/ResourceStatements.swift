/// The kinds of things that have a path. The raw value is the word after CREATE, ALTER and DROP.
package enum ResourceKind: String, CaseIterable, Hashable, Sendable {
    case collection = "COLLECTION"
    case frame = "FRAME"
    case experiment = "EXPERIMENT"
    case channel = "CHANNEL"
    case points = "POINTS"
    case roi = "ROI"
}

/// `CREATE COLLECTION|FRAME|EXPERIMENT|CHANNEL [IF NOT EXISTS] path options`.
package struct CreateResource: Hashable, Sendable {
    /// Never `points` or `roi`.
    package var kind: ResourceKind
    package var path: PathSyntax
    package var ifNotExists: Bool
    /// Only for a frame, and always there.
    package var frame: FrameSyntax?
    package var options: ResourceOptions
    package var position: NodePosition
}

/// `X 0:4096 Y 0:4096 Z 0:512 VOXEL 4nm, 4nm, 40nm`.
package struct FrameSyntax: Hashable, Sendable {
    package var x: AxisClause
    package var y: AxisClause
    package var z: AxisClause
    /// Voxel size along x, y, z.
    package var voxelX: Located<Quantity>
    package var voxelY: Located<Quantity>
    package var voxelZ: Located<Quantity>
}

/// The options of CREATE and ALTER; an option that was not written is nil. CREATE accepts only the options of
/// the kind it creates; ALTER accepts all of them here and refuses the wrong ones when bound.
package struct ResourceOptions: Hashable, Sendable {
    package var description: Located<String>?
    // Experiments.
    /// A frame's name, one segment; required by CREATE EXPERIMENT.
    package var frame: PathSyntax?
    package var levels: Located<Int>?
    package var hierarchy: Located<Hierarchy>?
    package var time: TimeAxisSyntax?
    // Channels.
    /// Required by CREATE CHANNEL, as is `dataType`.
    package var type: Located<ChannelType>?
    package var dataType: Located<TypeName>?
    package var cuboid: SizeSyntax?
    /// BLOSC, LZ4, ZSTD, LABEL or NONE.
    package var codec: Located<CodecName>?
    package var baseResolution: Located<Int>?
    package var defaultTime: Located<Int64>?
    package var background: Scalar?
    package var sources: [PathSyntax]?
    package var related: [PathSyntax]?
    /// Where LEVEL WRITES stands.
    package var levelWrites: NodePosition?
    /// Where AUTO DOWNSAMPLE stands.
    package var autoDownsample: NodePosition?

    package init() {}
}

/// How levels are made from each other.
package enum Hierarchy: String, CaseIterable, Hashable, Sendable {
    /// Halves x and y only while z is coarser.
    case anisotropic = "ANISOTROPIC"
    case isotropic = "ISOTROPIC"
}

/// What a channel holds.
package enum ChannelType: String, CaseIterable, Hashable, Sendable {
    case image = "IMAGE"
    case annotation = "ANNOTATION"
}

/// The words after CODEC.
package enum CodecName: String, CaseIterable, Hashable, Sendable {
    case blosc = "BLOSC"
    case lz4 = "LZ4"
    case zstd = "ZSTD"
    case label = "LABEL"
    case none = "NONE"
}

/// `TIME 100 STEP 5ms`.
package struct TimeAxisSyntax: Hashable, Sendable {
    package let sampleCount: Located<Int>
    package let step: Located<Quantity>?
}

/// `ALTER kind path SET option, ...` or `ALTER kind path RENAME TO name`.
package struct AlterResource: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case set(ResourceOptions)
        /// The last segment of the new path.
        case rename(Located<String>)
    }

    package var kind: ResourceKind
    package var path: PathSyntax
    package var action: Action
    package var position: NodePosition
}

/// `DROP kind [IF EXISTS] path [CASCADE]`.
package struct DropResource: Hashable, Sendable {
    package var kind: ResourceKind
    package var path: PathSyntax
    package var ifExists: Bool
    package var cascades: Bool
    package var position: NodePosition
}

/// `SET METADATA ON path 'key' = value, ...`.
package struct SetMetadata: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let key: Located<String>
        package let value: Scalar
    }

    package var path: PathSyntax
    /// At least one.
    package var entries: [Entry]
    package var position: NodePosition
}

/// `UNSET METADATA ON path 'key', ...`.
package struct UnsetMetadata: Hashable, Sendable {
    package var path: PathSyntax
    /// At least one.
    package var keys: [Located<String>]
    package var position: NodePosition
}
