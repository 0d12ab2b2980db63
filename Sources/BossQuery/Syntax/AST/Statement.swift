/// One statement of the language.
package indirect enum Statement: Hashable, Sendable {
    case selectVolume(VolumeQuery)
    case selectRows(RowQuery)

    // Short forms.
    case findIDs(FindIDs)
    case findIDAt(FindIDAt)
    case findPoints(FindPoints)
    case boundingBox(BoundingBoxQuery)
    case countVoxels(CountVoxels)
    /// `STATS OF path region ...`.
    case statisticsOf(TableFunctionCall)
    /// `HISTOGRAM OF path region ...`.
    case histogramOf(TableFunctionCall)
    case show(ShowStatement)

    // Writing.
    case insertCutout(InsertCutout)
    case deleteCutout(DeleteCutout)
    case updateCutout(UpdateCutout)
    case copyCutout(CopyCutout)
    case importFiles(ImportStatement)
    case exportFiles(ExportStatement)
    case downsample(DownsampleStatement)
    case label(LabelStatement, NodePosition)

    // The data model.
    case createResource(CreateResource)
    case alterResource(AlterResource)
    case dropResource(DropResource)
    case setMetadata(SetMetadata)
    case unsetMetadata(UnsetMetadata)
    /// `DESCRIBE path`.
    case describePath(PathSyntax, NodePosition)
    /// `DESCRIBE statement`: what it would return.
    case describeStatement(Statement, NodePosition)

    // The session and the engine.
    /// nil clears the path.
    case use(PathSyntax?, NodePosition)
    case transaction(TransactionStatement, NodePosition)
    case setting(SettingStatement)
    case prepare(PrepareStatement)
    case execute(ExecuteStatement)
    case deallocate(Identifier, NodePosition)
    case explain(ExplainStatement)
    case maintenance(MaintenanceStatement, NodePosition)
    case job(JobStatement, NodePosition)
    case version(VersionStatement, NodePosition)

    /// A statement that is checked for syntax and kept as text, because nothing executes it yet.
    case unsupported(UnsupportedStatement)
}

/// A well-formed statement of a feature that is not built.
package struct UnsupportedStatement: Hashable, Sendable {
    /// Its first words, for the message of 0A000: `GRANT`, `CREATE USER`.
    package let feature: String
    /// The statement as it was written, without the semicolon.
    package let text: String
    package let position: NodePosition
    /// What was probably meant, for the same message.
    package var hint: String?
}

extension Statement {
    /// The whole statement in its text.
    package var position: NodePosition {
        switch self {
        case .selectVolume(let node): node.position
        case .selectRows(let node): node.position
        case .findIDs(let node): node.position
        case .findIDAt(let node): node.position
        case .findPoints(let node): node.position
        case .boundingBox(let node): node.position
        case .countVoxels(let node): node.position
        case .statisticsOf(let node), .histogramOf(let node): node.position
        case .show(let node): node.position
        case .insertCutout(let node): node.position
        case .deleteCutout(let node): node.position
        case .updateCutout(let node): node.position
        case .copyCutout(let node): node.position
        case .importFiles(let node): node.position
        case .exportFiles(let node): node.position
        case .downsample(let node): node.position
        case .createResource(let node): node.position
        case .alterResource(let node): node.position
        case .dropResource(let node): node.position
        case .setMetadata(let node): node.position
        case .unsetMetadata(let node): node.position
        case .setting(let node): node.position
        case .prepare(let node): node.position
        case .execute(let node): node.position
        case .explain(let node): node.position
        case .unsupported(let node): node.position
        case .label(_, let position), .describePath(_, let position), .describeStatement(_, let position),
            .use(_, let position), .transaction(_, let position),
            .deallocate(_, let position), .maintenance(_, let position), .job(_, let position),
            .version(_, let position):
            position
        }
    }
}
