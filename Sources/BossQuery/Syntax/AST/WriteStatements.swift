package import BossDatabase

/// `INSERT CUTOUT INTO path region [MODE m] source`.
package struct InsertCutout: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// `VALUES $n`, a bound volume.
        case parameter(Int, NodePosition)
        case file(Located<String>, format: FormatClause?)
        case query(VolumeQuery)
    }

    package var path: PathSyntax
    package var region: RegionSyntax
    package var mode: Located<WriteMode>?
    package var source: Source
    package var position: NodePosition
}

/// `DELETE CUTOUT FROM path region [WHERE predicate]`.
package struct DeleteCutout: Hashable, Sendable {
    package var path: PathSyntax
    package var region: RegionSyntax
    package var condition: Expression?
    package var position: NodePosition
}

/// `UPDATE CUTOUT path region SET VALUE = expression [WHERE predicate]`.
package struct UpdateCutout: Hashable, Sendable {
    package enum Target: String, CaseIterable, Hashable, Sendable {
        case value = "VALUE"
        case id = "ID"
    }

    package var path: PathSyntax
    package var region: RegionSyntax
    package var target: Located<Target>
    package var expression: Expression
    package var condition: Expression?
    package var position: NodePosition
}

/// `COPY path region TO path [AT point] [MODE m]`.
package struct CopyCutout: Hashable, Sendable {
    package var source: PathSyntax
    package var region: RegionSyntax
    package var destination: PathSyntax
    package var point: PointSyntax?
    package var mode: Located<WriteMode>?
    package var position: NodePosition
}

/// `IMPORT INTO path FROM 'pattern' ...`.
package struct ImportStatement: Hashable, Sendable {
    package var path: PathSyntax
    package var pattern: Located<String>
    package var format: FormatClause?
    package var point: PointSyntax?
    package var ordersByName: Bool
    package var mode: Located<WriteMode>?
    /// Where ASYNC stands, if it does.
    package var asynchronous: NodePosition?
    package var workers: Located<UInt64>?
    package var position: NodePosition
}

/// `EXPORT path region TO 'file' [FORMAT f] [ASYNC]`.
package struct ExportStatement: Hashable, Sendable {
    package var path: PathSyntax
    package var region: RegionSyntax
    package var file: Located<String>
    package var format: FormatClause?
    package var asynchronous: NodePosition?
    package var position: NodePosition
}

/// `DOWNSAMPLE path [RES n TO m] [region] [METHOD m] [ONLY DIRTY] [ASYNC]`.
package struct DownsampleStatement: Hashable, Sendable {
    package enum Method: String, CaseIterable, Hashable, Sendable {
        case mean = "MEAN"
        case mode = "MODE"
        case minimum = "MIN"
        case maximum = "MAX"
        case stride = "STRIDE"
    }

    package var path: PathSyntax
    /// `RES n TO m`.
    package var levels: LevelSpan?
    package var region: RegionSyntax
    package var method: Located<Method>?
    package var isDirtyOnly: Bool
    package var asynchronous: NodePosition?
    package var position: NodePosition
}

/// Two levels, both included.
package struct LevelSpan: Hashable, Sendable {
    package let from: Located<Int>
    package let to: Located<Int>
}

/// The statements about labels as objects.
package enum LabelStatement: Hashable, Sendable {
    /// `RESERVE n IDS IN path`.
    case reserve(count: Scalar, PathSyntax)
    /// `MERGE IDS a, b INTO c IN path`.
    case merge([Scalar], into: Scalar, PathSyntax)
    /// `SPLIT ID a IN path region [WHERE predicate] INTO b`.
    case split(Scalar, PathSyntax, RegionSyntax, condition: Expression?, into: Scalar)
    /// `CLEAVE SUPERVOXELS a, b FROM ID c IN path`.
    case cleave([Scalar], from: Scalar, PathSyntax)
    /// `RELABEL path USING $n`: a bound list of (old, new) pairs.
    case relabel(PathSyntax, parameter: Located<Int>)
    /// `BAKE MAPPING OF path`.
    case bake(PathSyntax)
    /// `PUT MESH INTO path OF ID n FROM FILE 'm.ply'`.
    case putMesh(Scalar, PathSyntax, file: Located<String>)
}
