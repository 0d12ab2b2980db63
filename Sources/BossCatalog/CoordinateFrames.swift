import BossGeometry
import GRDB

extension CoordinateFrameRecord {
    static let selection = """
        SELECT id, name, description, x_start, x_stop, y_start, y_stop, z_start, z_stop,
            x_voxel_size, y_voxel_size, z_voxel_size, voxel_unit, creator, created_at
        FROM coordinate_frame
        """

    init(columns: Columns) throws {
        func range(_ axis: String) throws -> Range<Int> {
            let start = try columns.integer("\(axis)_start", in: 0...VoxelPoint.coordinateLimit)
            let stop = try columns.integer("\(axis)_stop", in: 0...VoxelPoint.coordinateLimit)
            guard start < stop else {
                throw CatalogError.corrupt(file: columns.file, reason: "frame \(axis) \(start):\(stop)")
            }
            return start..<stop
        }
        let size = PhysicalSize(
            x: try columns.real("x_voxel_size"), y: try columns.real("y_voxel_size"),
            z: try columns.real("z_voxel_size"))
        let frame: CoordinateFrame
        do {
            frame = try CoordinateFrame(
                box: VoxelBox(x: try range("x"), y: try range("y"), z: try range("z")), voxelSize: size,
                unit: try columns.word("voxel_unit", LengthUnit.init(rawValue:)))
        } catch let error as GeometryError {
            throw CatalogError.corrupt(file: columns.file, reason: "\(error)")
        }
        self.init(
            id: try columns.integer("id"), name: try columns.text("name"),
            description: try columns.text("description"), frame: frame,
            creator: try columns.text("creator"), createdAtMicroseconds: try columns.integer("created_at"))
    }
}

extension Catalog {
    /// Makes a coordinate frame.
    ///
    /// - Throws: `.invalidName`, `.invalidValue` (0 <= start < stop <= 2^40, sizes finite and above 0),
    ///   `.alreadyExists`.
    @discardableResult
    package func createCoordinateFrame(_ new: NewCoordinateFrame) throws(CatalogError)
        -> CoordinateFrameRecord
    {
        try ValueRules.checkName(new.name, kind: .coordinateFrame)
        try Self.check(new)
        return try write { session in
            try session.requireFreeCoordinateFrame(new.name)
            try session.run(
                """
                INSERT INTO coordinate_frame (name, description, x_start, x_stop, y_start, y_stop, z_start,
                    z_stop, x_voxel_size, y_voxel_size, z_voxel_size, voxel_unit, creator, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    new.name, new.description, new.start.x, new.stop.x, new.start.y, new.stop.y,
                    new.start.z, new.stop.z, new.voxelSize.x, new.voxelSize.y, new.voxelSize.z,
                    new.voxelUnit.rawValue, new.creator, session.now(),
                ])
            return try session.coordinateFrame(new.name)
        }
    }

    /// The coordinate frame of a name.
    ///
    /// - Throws: `.notFound`.
    package func coordinateFrame(_ name: String) throws(CatalogError) -> CoordinateFrameRecord {
        try read { try $0.coordinateFrame(name) }
    }

    /// All coordinate frames, sorted by name.
    package func coordinateFrames() throws(CatalogError) -> [CoordinateFrameRecord] {
        try read { try $0.allCoordinateFrames() }
    }

    /// Changes the description, all that can be changed of a frame but its name.
    ///
    /// - Throws: `.notFound`, `.invalidValue`.
    @discardableResult
    package func alterCoordinateFrame(
        _ name: String, description: String
    ) throws(CatalogError) -> CoordinateFrameRecord {
        try ValueRules.checkDescription(description)
        return try write { session in
            let old = try session.coordinateFrame(name)
            try session.run(
                "UPDATE coordinate_frame SET description = ? WHERE id = ?", [description, old.id])
            return try session.coordinateFrame(name)
        }
    }

    /// Renames a coordinate frame; experiments follow.
    ///
    /// - Throws: `.notFound`, `.invalidName`, `.alreadyExists`.
    package func renameCoordinateFrame(_ name: String, to newName: String) throws(CatalogError) {
        try ValueRules.checkName(newName, kind: .coordinateFrame)
        try write { session in
            let record = try session.coordinateFrame(name)
            guard newName != name else { return }
            try session.requireFreeCoordinateFrame(newName)
            try session.run("UPDATE coordinate_frame SET name = ? WHERE id = ?", [newName, record.id])
        }
    }

    /// Drops a coordinate frame.
    ///
    /// - Throws: `.notFound`, `.inUse` if an experiment lives in it.
    package func dropCoordinateFrame(_ name: String) throws(CatalogError) {
        try write { session in
            let record = try session.coordinateFrame(name)
            let user = try session.first(
                """
                SELECT c.name || '/' || e.name AS path FROM experiment e JOIN collection c ON c.id = e.collection_id
                WHERE e.coordinate_frame_id = ? ORDER BY path LIMIT 1
                """, [record.id], { try $0.text("path") })
            if let user { throw CatalogError.inUse(kind: .coordinateFrame, path: name, by: user) }
            try session.run("DELETE FROM coordinate_frame WHERE id = ?", [record.id])
        }
    }

    private static func check(_ new: NewCoordinateFrame) throws(CatalogError) {
        try ValueRules.checkDescription(new.description)
        try ValueRules.checkCreator(new.creator)
        let limit = VoxelPoint.coordinateLimit
        for axis in SpatialAxis.allCases {
            let (start, stop) = (new.start[axis], new.stop[axis])
            try ValueRules.check("\(axis)_start", start, in: 0...limit - 1)
            try ValueRules.check("\(axis)_stop", stop, in: start + 1...limit)
        }
        // The bound is that of CoordinateFrame: in nanometers too, and coarse enough for the last level.
        for axis in SpatialAxis.allCases {
            let size = new.voxelSize[axis]
            guard size > 0, (size * new.voxelUnit.nanometersPerUnit * 0x1p30).isFinite else {
                throw .invalidValue(
                    field: "\(axis)_voxel_size", value: "\(size)", allowed: "finite and above 0")
            }
        }
    }
}

extension CatalogSession {
    func allCoordinateFrames() throws -> [CoordinateFrameRecord] {
        try all(CoordinateFrameRecord.selection + " ORDER BY name", [], CoordinateFrameRecord.init(columns:))
    }

    fileprivate func requireFreeCoordinateFrame(_ name: String) throws {
        let id = try first("SELECT id FROM coordinate_frame WHERE name = ?", [name], { try $0.integer("id") })
        if id != nil { throw CatalogError.alreadyExists(kind: .coordinateFrame, path: name) }
    }
}
