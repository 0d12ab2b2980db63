import BossDatabase

/// CREATE, ALTER and DROP of things that have a path, and metadata.
extension Parser {
    mutating func create() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.create)
        if let kind = try acceptChoice(ResourceKind.self) {
            switch kind.value {
            case .collection, .frame, .experiment, .channel:
                return try createResource(kind.value, from: start)
            case .points: return try createPoints(from: start)
            case .roi: return try createROI(from: start)
            }
        }
        if accept(.snapshot) { return try createSnapshot(from: start) }
        if accept(.branch) { return try createBranch(from: start) }
        if accept(.user) { return try password("CREATE USER", from: start) }
        if accept(.group) {
            _ = try name("a group")
            return unsupported("CREATE GROUP", from: start)
        }
        if accept(.token) { return try createToken(from: start) }
        if try accept(.ingest, .job) { return try createIngestJob(from: start) }
        throw unexpected()
    }

    /// Takes IF NOT EXISTS if it is next; a path may also be called `if`.
    mutating func ifNotExists() throws(DatabaseError) -> Bool {
        guard token.keyword == .if, peek().keyword == .not else { return false }
        try expect(.if, .not, .exists)
        return true
    }

    private mutating func createResource(
        _ kind: ResourceKind, from start: TextMark
    ) throws(DatabaseError) -> Statement {
        let ifNotExists = try ifNotExists()
        let path = kind == .frame ? try singleSegmentPath("the name of a frame") : try path()
        var frame: FrameSyntax?
        var options = ResourceOptions()
        switch kind {
        case .frame:
            frame = try self.frame()
            while try option(of: [.description], into: &options) {}
        case .experiment:
            try expect(.frame)
            options.frame = try singleSegmentPath("the name of a frame")
            while try option(of: [.description, .levels, .hierarchy, .time], into: &options) {}
        case .channel:
            try expect(.type)
            options.type = try choice(ChannelType.self)
            try expect(.datatype)
            options.dataType = try choice(TypeName.self)
            while try option(of: ResourceOption.ofChannels, into: &options) {}
        case .collection, .points, .roi:
            while try option(of: [.description], into: &options) {}
        }
        return .createResource(
            CreateResource(
                kind: kind, path: path, ifNotExists: ifNotExists, frame: frame, options: options,
                position: span(from: start)))
    }

    private mutating func frame() throws(DatabaseError) -> FrameSyntax {
        var start = token.start
        try expect(.x)
        let x = try axisClause(from: start)
        start = token.start
        try expect(.y)
        let y = try axisClause(from: start)
        start = token.start
        try expect(.z)
        let z = try axisClause(from: start)
        try expect(.voxel)
        let voxelX = try quantity("a length such as 4nm")
        try expect(.comma)
        let voxelY = try quantity("a length such as 4nm")
        try expect(.comma)
        let voxelZ = try quantity("a length such as 40nm")
        return FrameSyntax(x: x, y: y, z: z, voxelX: voxelX, voxelY: voxelY, voxelZ: voxelZ)
    }

    mutating func alter() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.alter)
        if accept(.system) {
            let setting = try setSetting(from: start, forAll: true)
            return setting
        }
        if accept(.user) { return try password("ALTER USER", from: start) }
        let kind = try choice(ResourceKind.self).value
        let path = try path()
        let action: AlterResource.Action
        if try accept(.rename, .to) {
            action = .rename(try name("a new name"))
        } else {
            try expect(.set)
            var options = ResourceOptions()
            repeat {
                guard try option(of: ResourceOption.allCases, into: &options) else { throw unexpected() }
            } while accept(.comma)
            action = .set(options)
        }
        return .alterResource(
            AlterResource(kind: kind, path: path, action: action, position: span(from: start)))
    }

    mutating func drop() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.drop)
        if let kind = try acceptChoice(ResourceKind.self)?.value {
            let ifExists = token.keyword == .if && peek().keyword == .exists
            if ifExists { try expect(.if, .exists) }
            let path = try path()
            let cascades = accept(.cascade)
            return .dropResource(
                DropResource(
                    kind: kind, path: path, ifExists: ifExists, cascades: cascades,
                    position: span(from: start)))
        }
        if accept(.snapshot) {
            let name = try name("the name of a snapshot")
            try expect(
                .of, hint: "for example DROP SNAPSHOT release1 OF lab/mouse1; IF EXISTS is not for snapshots")
            let path = try path()
            return .version(.dropSnapshot(name, path), span(from: start))
        }
        if accept(.user) {
            _ = try name("a user")
            return unsupported("DROP USER", from: start)
        }
        try expect(.group)
        _ = try name("a group")
        return unsupported("DROP GROUP", from: start)
    }

    /// What follows SET METADATA.
    mutating func setMetadata(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.metadata, .on)
        let path = try path()
        var entries: [SetMetadata.Entry] = []
        repeat {
            let key = try text("a key")
            try expect(.equal)
            entries.append(SetMetadata.Entry(key: key, value: try scalar()))
        } while accept(.comma)
        return .setMetadata(SetMetadata(path: path, entries: entries, position: span(from: start)))
    }

    mutating func unsetMetadata() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.unset, .metadata, .on)
        let path = try path()
        var keys: [Located<String>] = []
        repeat { keys.append(try text("a key")) } while accept(.comma)
        return .unsetMetadata(UnsetMetadata(path: path, keys: keys, position: span(from: start)))
    }
}
