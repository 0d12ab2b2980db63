import BossFormats
import BossGeometry
public import BossMeshes
import BossStorage

/// Meshes that were put in beside the labels.
extension Channel {
    /// Keeps a mesh of an object; it takes the place of an earlier one and has versions as voxels have.
    ///
    /// - Parameters:
    ///   - mesh: of the object at the default time sample, in nanometers from the frame's physical origin.
    ///   - transaction: a transaction to write in; without one the mesh is its own commit.
    /// - Throws: 22V08 for an image channel, 02V01 for an ID without voxels, 54000 for a mesh of more than 256 MiB, 53100,
    ///   25006, 53200 when the transaction is full.
    public func putMesh(
        _ mesh: Mesh, of id: UInt64, in transaction: Transaction? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) {
        if database.isReadOnly { throw DatabaseError(StorageError.readOnly) }
        try requireAnnotation()
        guard !mesh.triangles.isEmpty else {
            throw DatabaseError("22V09", "the mesh has no triangle")
        }
        let action = "PUT MESH INTO \(path) OF ID \(id)"
        if let transaction {
            _ = try transaction.statement { () throws(DatabaseError) in
                try add(mesh, of: id, to: transaction, control: control)
            }
            transaction.note(action)
            return
        }
        let whole = try wholeBaseLevel.box
        _ = try inOwnTransaction(action, in: whole) { (own) throws(DatabaseError) in
            try add(mesh, of: id, to: own, control: control)
        }
    }

    /// Reads a mesh from an OBJ or PLY file or a precomputed fragment, whichever its content is.
    ///
    /// - Throws: 58030 when it cannot be read, 22V09 when it is no mesh, 54000 over the limit.
    public static func readMesh(_ file: String, byteLimit: Int = 1 << 30) throws(DatabaseError) -> Mesh {
        let bytes = try mappingErrors { () throws(FormatError) in
            try WholeFile.read(file, byteLimit: byteLimit)
        }
        do throws(MeshError) { return try Mesh(encoded: bytes) } catch {
            throw DatabaseError(error, file: file)
        }
    }

    /// - Returns: voxels that changed: none.
    private func add(
        _ mesh: Mesh, of id: UInt64, to transaction: Transaction, control: OperationControl
    ) throws(DatabaseError) -> Int {
        var statistics = ReadStatistics()
        let found = try objects(
            ids: IDCondition(ids: [id]), in: wholeBaseLevel, view: transaction.view, control: control,
            statistics: &statistics)
        guard let object = found.first else {
            throw DatabaseError(
                "02V01", "\(path) has no voxel of ID \(id), so a mesh of it would say nothing",
                hint: "write the labels first")
        }
        let stored = StoredMesh(box: object.box, voxelCount: object.voxelCount, mesh: mesh)
        let limit = DocumentPage.byteLimit
        guard let bytes = stored.encoded(byteLimit: limit) else {
            throw DatabaseError(
                "54000", "the mesh has more than \(limit) bytes",
                hint: "simplify it: \(mesh.triangles.count) triangles are more than a viewer shows")
        }
        let page = try mappingErrors { () throws(StorageError) in
            try DocumentPage.encode(bytes, key: meshKey(id), compression: layout.compression)
        }
        try transaction.add([(page, dependsOnBase: false)], of: self)
        return 0
    }

    /// The mesh that was put in for an object, unless the object has changed since.
    ///
    /// A mesh counts as long as the object has the box and the number of voxels that it had then, and no later commit wrote
    /// to a cuboid that has voxels of it. The label index knows that.
    ///
    /// - Returns: nil where there is none that counts.
    /// - Throws: 22V08 for an image channel, XX001 for a damaged mesh.
    public func storedMesh(
        of id: UInt64, view: DatabaseView? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> Mesh? {
        var statistics = ReadStatistics()
        let pinned = if let view { view } else { try database.view() }
        return try storedMesh(of: id, view: pinned, control: control, statistics: &statistics)
    }

    /// As above, and counts what was touched.
    package func storedMesh(
        of id: UInt64, view: DatabaseView, control: OperationControl, statistics: inout ReadStatistics
    ) throws(DatabaseError) -> Mesh? {
        try requireAnnotation()
        let key = meshKey(id)
        let found = try mappingErrors { () throws(StorageError) in
            try database.engine.document(key, in: view.view)
        }
        guard let found else { return nil }
        statistics.pageCount += 1
        guard let stored = StoredMesh(found.bytes) else {
            throw DatabaseError(
                "XX001", "the stored mesh of ID \(id) of \(path) is damaged",
                hint: "PUT MESH again; with X *, SELECT MESH makes one from the labels")
        }
        let objects = try objects(
            ids: IDCondition(ids: [id]), in: wholeBaseLevel, view: view, control: control,
            statistics: &statistics)
        guard let object = objects.first, object.box == stored.box,
            object.voxelCount == stored.voxelCount, object.commit <= found.commit
        else { return nil }
        return stored.mesh
    }

    /// Where the mesh of an ID lies.
    private func meshKey(_ id: UInt64) -> CuboidKey {
        CuboidKey(
            group: PageGroup(
                channel: layout.channel, resolution: ReservedResolution.meshes,
                time: UInt32(truncatingIfNeeded: id >> 63)),
            morton: id & (.max >> 1))
    }
}
