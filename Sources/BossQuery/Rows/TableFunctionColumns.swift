import BossDatabase
import BossVoxels

/// The columns of table functions, known before they run: a query is checked against them first.
extension StatementExecutor {
    /// The columns of the rows that a call returns, in order.
    ///
    /// - Throws: 42P01 where the type of a column is that of a channel's voxels.
    func columns(of call: TableFunctionCall) throws(DatabaseError) -> [Column] {
        switch call.function.value {
        case .ids: StatementExecutor.idColumns
        case .objects: StatementExecutor.objectColumns
        case .stats: Self.keyColumns(call) + Self.statisticsColumns
        case .histogram:
            Self.columns(.uint32, "bin") + Self.columns(.float64, "lo", "hi")
                + Self.columns(.uint64, "count")
        case .voxels: Self.columns(.int64, "x", "y", "z", "t") + [try valueColumn("value", call)]
        case .runs: Self.columns(.uint64, "id") + Self.columns(.int64, "x0", "x1", "y", "z", "t")
        case .sample:
            Self.columns(.uint32, "ord") + Self.columns(.int64, "x", "y", "z", "t")
                + [try valueColumn("value", call)]
        case .contacts:
            Self.columns(.uint64, "id_a", "id_b", "faces_x", "faces_y", "faces_z")
                + Self.columns(.float64, "area_nm2", "x", "y", "z")
        case .overlap: Self.columns(.uint64, "id_a", "id_b", "voxels")
        case .pages:
            Self.columns(.uint64, "morton") + Self.columns(.int64, "x0", "y0", "z0", "t")
                + Self.columns(.uint64, "bytes") + Self.columns(.text, "codec")
                + Self.columns(.uint32, "ids") + Self.columns(.uint64, "commit")
                + Self.columns(.timestamp, "written_at")
        case .diff: try differenceColumns(call)
        case .levels:
            Self.columns(.int32, "res") + Self.columns(.float64, "voxel_x", "voxel_y", "voxel_z")
                + Self.columns(.text, "unit") + Self.columns(.int64, "x1", "y1", "z1")
                + Self.columns(.boolean, "iso") + Self.columns(.uint64, "pages", "dirty_pages")
        case .metadata:
            Self.columns(.text, "key") + Self.columns(.json, "value") + Self.columns(.text, "updated_by")
                + Self.columns(.timestamp, "updated_at")
        case .history:
            Self.columns(.uint64, "commit") + Self.columns(.timestamp, "at")
                + Self.columns(.text, "by", "action") + Self.columns(.uint64, "changed_voxels")
                + Self.columns(.text, "message")
        case .supervoxels: Self.columns(.uint64, "supervoxel", "voxels")
        }
    }

    private func differenceColumns(_ call: TableFunctionCall) throws(DatabaseError) -> [Column] {
        switch call.grouping?.value {
        case .id: Self.columns(.uint64, "id_old", "id_new", "voxels")
        case .voxel:
            Self.columns(.int64, "x", "y", "z", "t")
                + [try valueColumn("old", call), try valueColumn("new", call)]
        default: Self.columns(.int64, "x0", "y0", "z0", "t") + Self.columns(.uint64, "changed")
        }
    }

    private static func columns(_ type: ColumnType, _ names: String...) -> [Column] {
        names.map { Column($0, type) }
    }

    private func valueColumn(_ name: String, _ call: TableFunctionCall) throws(DatabaseError) -> Column {
        Column(name, ColumnType(try channel(call.path.withoutVersion).voxelType))
    }
}

extension ColumnType {
    /// The type of rows that holds every value of a voxel type.
    init(_ type: VoxelType) {
        switch type {
        case .int8, .int16, .int32: self = .int32
        case .int64: self = .int64
        case .uint8, .uint16, .uint32: self = .uint32
        case .uint64: self = .uint64
        case .float32, .float64: self = .float64
        }
    }
}
