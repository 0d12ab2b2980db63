import BossDatabase
import BossGeometry
import BossMeshes

/// What SELECT MESH asks for, in numbers.
struct BoundMesh {
    let channel: Channel
    let id: UInt64
    let level: ResolutionLevel
    /// Where the object is looked for: as the statement says, without PAD, which adds nothing of the object.
    let region: RegionSyntax
    /// Whether all of the object at the default time sample is asked for, of which there may be a stored mesh.
    let isWhole: Bool
    let format: MeshFormat
    let file: Located<String>?
}

/// SELECT MESH.
extension StatementExecutor {
    /// Runs SELECT MESH.
    mutating func selectMesh(_ query: VolumeQuery) throws(DatabaseError) -> ResultValue {
        let bound = try bindMesh(query)
        let stored = try storedMesh(bound)
        let mesh = if let stored { stored } else { try madeMesh(bound) }
        let name = "mesh of ID \(bound.id)\(stored == nil ? "" : ", stored")"
        let (vertexCount, triangleCount) = (mesh.vertices.count, mesh.triangles.count)
        let limit = state.settings.maxResultBytes
        guard let bytes = mesh.encoded(as: bound.format, byteLimit: limit) else {
            throw DatabaseError(
                "54V01",
                "the \(name) has \(triangleCount) triangles, too many for max_result_bytes of \(limit)",
                hint: "ask for a coarser level with RES, or SET max_result_bytes",
                position: query.position.source)
        }
        guard let file = bound.file else {
            return .encoded(
                EncodedResult(
                    mediaType: bound.format.mediaType, fileExtension: bound.format.fileExtension,
                    bytes: bytes,
                    summary: "\(name): \(vertexCount) vertices, \(triangleCount) triangles", volume: nil))
        }
        try write(bytes, to: file)
        return .rows(
            RowSet(
                columns: [
                    Column("file", .text), Column("bytes", .uint64), Column("vertices", .uint64),
                    Column("triangles", .uint64),
                ],
                rows: [
                    [
                        .text(file.value), .unsigned(UInt64(bytes.count)), .unsigned(UInt64(vertexCount)),
                        .unsigned(UInt64(triangleCount)),
                    ]
                ]))
    }

    /// Binds channel, ID and format, and refuses what this version does not run.
    ///
    /// - Throws: 22023 without OF ID, 22V08 for an image channel, 22V10 for a format that holds no mesh.
    mutating func bindMesh(_ query: VolumeQuery) throws(DatabaseError) -> BoundMesh {
        try refuseUnsupported(query)
        let path = query.sources[0].path
        let channel = try source(path)
        try locating(path.position) { () throws(DatabaseError) in try channel.requireAnnotation() }
        guard case .object(let scalar, _, let position)? = query.region.shape else {
            throw DatabaseError(
                "22023", "MESH needs an object",
                hint: "SELECT MESH FROM \(channel.path) OF ID n", position: query.position.source)
        }
        let region = query.region
        let (time, _) = try timeSamples(region.t, channel)
        guard time.count == 1 else {
            throw DatabaseError(
                "22023", "a mesh is of one time sample, not of \(time.count)", hint: "T n names one",
                position: (region.t?.position ?? region.position).source)
        }
        var searched = region
        searched.shape = .object(scalar, padding: nil, position)
        let isWhole =
            time.lowerBound == channel.defaultTimeSample && region.outside == nil
            && [region.x, region.y, region.z].allSatisfy { $0 == nil }
        return BoundMesh(
            channel: channel, id: try unsigned(scalar), level: try level(region.resolution, of: channel),
            region: searched, isWhole: isWhole, format: try meshFormat(query), file: meshFile(query))
    }

    private func meshFile(_ query: VolumeQuery) -> Located<String>? {
        guard case .file(let name)? = query.destination else { return nil }
        return name
    }

    private func meshFormat(_ query: VolumeQuery) throws(DatabaseError) -> MeshFormat {
        guard let clause = query.format else {
            return meshFile(query).flatMap { MeshFormat(ofFile: $0.value) } ?? .obj
        }
        guard clause.options.isEmpty else {
            throw DatabaseError(
                "22023", "a mesh has no options of a picture", position: clause.position.source)
        }
        if let format = MeshFormat(rawValue: clause.name.text.uppercased()) { return format }
        throw DatabaseError(
            "22V10", "\(clause.name.text.uppercased()) holds no mesh",
            hint: "FORMAT \(MeshFormat.allCases.map(\.rawValue).joined(separator: ", "))",
            position: clause.name.position.source)
    }

    /// The mesh that was put in, if all of the object is asked for and it is not older than the labels.
    mutating func storedMesh(_ bound: BoundMesh) throws(DatabaseError) -> Mesh? {
        guard bound.isWhole else { return nil }
        let view = try currentView()
        return try locating(bound.region.position) { () throws(DatabaseError) in
            try bound.channel.storedMesh(
                of: bound.id, view: view, control: control, statistics: &statistics)
        }
    }

    private mutating func madeMesh(_ bound: BoundMesh) throws(DatabaseError) -> Mesh {
        let region = try bind(bound.region, of: bound.channel)
        let view = try currentView()
        try warnIfStale(region, view)
        let mesh = try locating(bound.region.position) { () throws(DatabaseError) in
            try bound.channel.mesh(
                of: bound.id, within: region.cutout(region.requested), view: view, control: control,
                statistics: &statistics)
        }
        guard !mesh.triangles.isEmpty else {
            throw DatabaseError(
                "02V01", "ID \(bound.id) has no voxel in this region", position: bound.region.position.source)
        }
        return mesh
    }

    /// Runs PUT MESH.
    mutating func putMesh(
        _ scalar: Scalar, _ path: PathSyntax, _ file: Located<String>, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(position)
        let channel = try channel(path)
        try locating(path.position) { () throws(DatabaseError) in try channel.requireAnnotation() }
        let id = try unsigned(scalar)
        let mesh = try locating(file.position) { () throws(DatabaseError) in
            try Channel.readMesh(file.value, byteLimit: state.settings.maxResultBytes)
        }
        try locating(position) { () throws(DatabaseError) in
            try channel.putMesh(mesh, of: id, in: state.transaction, control: control)
        }
        return .tag("PUT MESH", count: UInt64(mesh.triangles.count))
    }
}
