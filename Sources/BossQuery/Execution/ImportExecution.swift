import BossDatabase
import BossFormats
import BossGeometry
import BossVoxels

/// IMPORT and DOWNSAMPLE.
extension StatementExecutor {
    /// The file format of a FORMAT clause; nil to tell it from the content.
    func volumeFormat(_ clause: FormatClause?) throws(FormatError) -> VolumeFormat? {
        guard let clause else { return nil }
        guard let format = VolumeFormat(rawValue: clause.name.text.uppercased()) else {
            throw .unsupported(
                file: "FORMAT \(clause.name.text)", what: "the formats are NPY, NIFTI, PNG, TIFF and RAW")
        }
        return format
    }

    /// - Throws: 0A000 for a format that is not read.
    func refuseUnknownFormat(_ clause: FormatClause?) throws(DatabaseError) {
        guard let clause, VolumeFormat(rawValue: clause.name.text.uppercased()) == nil else { return }
        throw Self.notSupported("FORMAT \(clause.name.text.uppercased())", clause.name.position)
    }

    /// Runs IMPORT INTO; the tag counts the voxels that were imported.
    mutating func importFiles(_ statement: ImportStatement) throws(DatabaseError) -> ResultValue {
        try refuseInTransaction("IMPORT", statement.position)
        if let position = statement.asynchronous { throw Self.notSupported("ASYNC", position) }
        if let workers = statement.workers { throw Self.notSupported("WORKERS", workers.position) }
        let channel = try channel(statement.path)
        try refuseUnknownFormat(statement.format)
        let level = try mappingErrors { () throws(GeometryError) in
            try channel.hierarchy.level(channel.hierarchy.baseResolution, isIsotropic: false)
        }
        let origin = try statement.point.map { (point) throws(DatabaseError) in
            try self.point(point, level, channel)
        }
        let summary = try locating(statement.pattern.position) { () throws(DatabaseError) in
            let format = try mappingErrors { () throws(FormatError) in try volumeFormat(statement.format) }
            return try channel.importVolume(
                statement.pattern.value, format: format, at: origin,
                mode: statement.mode?.value ?? .overwrite,
                control: control)
        }
        if summary.hasUnappliedScaling {
            warnings.append(
                Warning(
                    sqlState: "01V03",
                    message:
                        "\(statement.pattern.value) scales its voxels (scl_slope, scl_inter); they were stored "
                        + "as they are"))
        }
        return .tag("IMPORT", count: UInt64(summary.box.voxelCount * summary.timeSampleCount))
    }

    /// Runs DOWNSAMPLE; one row a level.
    mutating func downsample(_ statement: DownsampleStatement) throws(DatabaseError) -> ResultValue {
        try refuseInTransaction("DOWNSAMPLE", statement.position)
        if let position = statement.asynchronous { throw Self.notSupported("ASYNC", position) }
        if statement.isDirtyOnly { throw Self.notSupported("ONLY DIRTY", statement.position) }
        let channel = try channel(statement.path)
        let box = try downsampledBox(statement, channel)
        let method = statement.method.flatMap { ReductionMethod(rawValue: $0.value.rawValue) }
        let levels = try locating(statement.levels?.from.position ?? statement.position) {
            () throws(DatabaseError) in
            try channel.downsample(
                from: statement.levels?.from.value ?? (box == nil ? nil : channel.hierarchy.baseResolution),
                to: statement.levels?.to.value, box: box, method: method, control: control)
        }
        let columns = [
            Column("res", .int32), Column("iso", .boolean), Column("pages_read", .uint64),
            Column("pages_written", .uint64), Column("ms", .float64),
        ]
        let rows = levels.map { level -> [Value] in
            [
                .integer(Int64(level.level.level)), .boolean(level.level.isIsotropic),
                .unsigned(UInt64(level.readPageCount)), .unsigned(UInt64(level.writtenPageCount)),
                .float((level.milliseconds * 10).rounded() / 10),
            ]
        }
        return .rows(RowSet(columns: columns, rows: rows))
    }

    /// The region in voxels of the finest level that is read, which its numbers count unless it says otherwise.
    private mutating func downsampledBox(
        _ statement: DownsampleStatement, _ channel: Channel
    ) throws(DatabaseError) -> VoxelBox? {
        guard !statement.region.isEmpty else { return nil }
        var region = statement.region
        if region.resolution == nil, let from = statement.levels?.from {
            region.resolution = ResolutionClause(
                choice: .level(from.value), isIsotropic: false, position: from.position)
        }
        let bound = try bind(region, of: channel)
        guard let inside = bound.inside else { return nil }
        let first = statement.levels?.from.value ?? channel.hierarchy.baseResolution
        return try mappingErrors { () throws(GeometryError) in
            try channel.hierarchy.box(
                inside, from: bound.level, to: channel.hierarchy.level(first, isIsotropic: false))
        }
    }
}
