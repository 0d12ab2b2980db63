import BossCatalog
import BossGeometry
import BossVoxels
import Testing

@Suite("Channels")
struct ChannelRuleTests {
    @discardableResult
    private func make(
        _ catalog: Catalog, _ name: String, _ kind: ChannelKind = .image, _ type: VoxelType = .uint8,
        _ change: (inout NewChannel) -> Void = { _ in }
    ) throws -> ChannelRecord {
        var new = NewChannel(name: name, kind: kind, voxelType: type)
        change(&new)
        return try catalog.createChannel(in: "lab", "mouse", new)
    }

    @Test("channels take BossDB's defaults")
    func defaults() throws {
        let catalog = try populatedCatalog()
        let made = try make(catalog, "c")
        #expect(made.baseResolution == 0 && made.defaultTimeSample == 0 && made.background == 0)
        #expect(made.grid == CuboidGrid.standard)
        #expect(made.grid.cuboid == VoxelExtent(x: 512, y: 512, z: 16))
        #expect(made.grid.brick == VoxelExtent(x: 64, y: 64, z: 16))
        #expect(made.compression == .automatic && made.downsampleStatus == .notDownsampled)
        #expect(made.sources == [] && made.related == [] && made.state == .active && !made.isPublic)
    }

    @Test("everything given is read back")
    func roundTrip() throws {
        let catalog = try populatedCatalog()
        let made = try make(catalog, "c", .annotation, .uint64) {
            $0.description = "d'\"é"
            ($0.baseResolution, $0.defaultTimeSample) = (2, 4)
            $0.cuboid = VoxelExtent(x: 256, y: 128, z: 32)
            $0.brick = VoxelExtent(x: 32, y: 128, z: 8)
            ($0.compression, $0.background) = (.zstd, .max)
            ($0.sources, $0.related) = (["seg", "em"], [])
            ($0.creator, $0.isPublic) = ("ann", true)
        }
        #expect(made.description == "d'\"é" && made.baseResolution == 2 && made.defaultTimeSample == 4)
        #expect(made.grid.cuboid == VoxelExtent(x: 256, y: 128, z: 32))
        #expect(made.grid.brick == VoxelExtent(x: 32, y: 128, z: 8))
        #expect(made.compression == .zstd && made.background == .max)
        #expect(made.sources == ["seg", "em"] && made.creator == "ann" && made.isPublic)
        #expect(try catalog.channel("c", in: "lab", "mouse") == made)
        #expect(try catalog.channels(in: "lab", "mouse").first == made)
    }

    @Test("image channels take any voxel type, annotation channels UINT64 and UINT32")
    func voxelTypes() throws {
        let catalog = try populatedCatalog()
        for type in VoxelType.allCases {
            #expect(try make(catalog, "image-\(type)", .image, type).voxelType == type)
            if type == .uint64 || type == .uint32 {
                #expect(try make(catalog, "labels-\(type)", .annotation, type).voxelType == type)
            } else {
                expectInvalidValue("datatype") { try make(catalog, "labels-\(type)", .annotation, type) }
            }
        }
    }

    @Test("base resolution lies below the levels, default time sample below the time samples")
    func levelsAndTimes() throws {
        let catalog = try populatedCatalog()
        try make(catalog, "edge") { ($0.baseResolution, $0.defaultTimeSample) = (2, 4) }
        expectInvalidValue("base_resolution") { try make(catalog, "c") { $0.baseResolution = 3 } }
        expectInvalidValue("base_resolution") { try make(catalog, "c") { $0.baseResolution = -1 } }
        expectInvalidValue("default_time_sample") { try make(catalog, "c") { $0.defaultTimeSample = 5 } }
        expectInvalidValue("default_time_sample") { try make(catalog, "c") { $0.defaultTimeSample = -1 } }
        expectInvalidValue("default_time_sample") {
            try catalog.alterChannel("em", in: "lab", "mouse", ChannelChanges(defaultTimeSample: 5))
        }
        expectInvalidValue("base_resolution") {
            try catalog.alterChannel("em", in: "lab", "mouse", ChannelChanges(baseResolution: 3))
        }
    }

    @Test("background fits a voxel")
    func background() throws {
        let catalog = try populatedCatalog()
        #expect(try make(catalog, "a") { $0.background = 255 }.background == 255)
        expectInvalidValue("background") { try make(catalog, "b") { $0.background = 256 } }
        #expect(
            try make(catalog, "c", .image, .float32) { $0.background = 0xFFFF_FFFF }.background == 0xFFFF_FFFF
        )
        expectInvalidValue("background") {
            try make(catalog, "d", .image, .float32) { $0.background = 1 << 32 }
        }
    }

    @Test("bricks divide cuboids, and both stay within the engine's limits")
    func shapes() throws {
        let catalog = try populatedCatalog()
        let odd = try make(catalog, "odd") { $0.cuboid = VoxelExtent(x: 96, y: 100, z: 1) }
        #expect(odd.grid.cuboid == VoxelExtent(x: 96, y: 100, z: 1))
        let bad = [(0, 1, 1), (4097, 1, 1)]
        for (x, y, z) in bad {
            expectInvalidValue("cuboid") {
                try make(catalog, "c") { $0.cuboid = VoxelExtent(x: x, y: y, z: z) }
            }
        }
        expectInvalidValue("cuboid") {
            try make(catalog, "c") { $0.brick = VoxelExtent(x: 63, y: 64, z: 16) }
        }
        expectInvalidValue("cuboid") { try make(catalog, "c") { $0.brick = VoxelExtent(x: 0, y: 64, z: 16) } }
    }

    @Test("sources and related exist in the experiment, are others, and are disjoint")
    func links() throws {
        let catalog = try populatedCatalog()
        try catalog.createExperiment(in: "lab", NewExperiment(name: "other", coordinateFrame: "frame"))
        try catalog.createChannel(
            in: "lab", "other", NewChannel(name: "far", kind: .image, voxelType: .uint8))
        #expect(throws: CatalogError.notFound(kind: .channel, path: "lab/mouse/far")) {
            try make(catalog, "c") { $0.sources = ["far"] }
        }
        #expect(throws: CatalogError.notFound(kind: .channel, path: "lab/mouse/no")) {
            try make(catalog, "c") { $0.related = ["em", "no"] }
        }
        #expect(throws: CatalogError.notFound(kind: .channel, path: "lab/mouse/c")) {
            try catalog.channel("c", in: "lab", "mouse")
        }
        expectInvalidValue("related") {
            try make(catalog, "c") { ($0.sources, $0.related) = (["em"], ["em"]) }
        }
        expectInvalidValue("sources") { try make(catalog, "c") { $0.sources = ["em", "em"] } }
        expectInvalidValue("sources") { try make(catalog, "c") { $0.sources = ["c"] } }
        expectInvalidValue("related") {
            try catalog.alterChannel("seg", in: "lab", "mouse", ChannelChanges(related: ["em"]))
        }
        #expect(try catalog.channel("seg", in: "lab", "mouse").sources == ["em"], "a refusal changes nothing")
        let altered = try catalog.alterChannel(
            "seg", in: "lab", "mouse", ChannelChanges(sources: [], related: ["em"]))
        #expect(altered.sources == [] && altered.related == ["em"])
    }

    @Test("alter changes what is given and nothing else")
    func alter() throws {
        let catalog = try populatedCatalog()
        let altered = try catalog.alterChannel(
            "seg", in: "lab", "mouse",
            ChannelChanges(description: "d", isPublic: true, baseResolution: 1, defaultTimeSample: 2))
        #expect(altered.description == "d" && altered.isPublic)
        #expect(altered.baseResolution == 1 && altered.defaultTimeSample == 2)
        #expect(altered.sources == ["em"] && altered.voxelType == .uint64)
        #expect(try catalog.alterChannel("seg", in: "lab", "mouse", ChannelChanges()) == altered)
        try catalog.setDownsampleStatus(.inProgress, channelID: altered.id)
        #expect(try catalog.channel("seg", in: "lab", "mouse").downsampleStatus == .inProgress)
        #expect(throws: CatalogError.notFound(kind: .channel, path: "#99")) {
            try catalog.setDownsampleStatus(.failed, channelID: 99)
        }
    }

    @Test("a source of a channel in use cannot be dropped; a related one can")
    func dropLinked() throws {
        let catalog = try populatedCatalog()
        #expect(throws: CatalogError.inUse(kind: .channel, path: "lab/mouse/em", by: "lab/mouse/seg")) {
            try catalog.dropChannel("em", in: "lab", "mouse")
        }
        try make(catalog, "c") { $0.related = ["seg"] }
        try catalog.dropChannel("seg", in: "lab", "mouse")
        #expect(try catalog.channel("c", in: "lab", "mouse").related == [])
        try catalog.dropChannel("em", in: "lab", "mouse")
        #expect(try catalog.check() == [])
    }

    @Test("dropping frees the name at once and keeps the number until forgotten")
    func dropStates() throws {
        let catalog = try populatedCatalog()
        let resource = CatalogResource.channel(collection: "lab", experiment: "mouse", channel: "seg")
        try catalog.setMetadata(on: resource, [MetadataAssignment(key: "k", value: "1")])
        #expect(try catalog.dropChannel("seg", in: "lab", "mouse") == 2)
        #expect(try catalog.channels(in: "lab", "mouse").map(\.name) == ["em"])
        #expect(try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "seg") == nil)
        #expect(try make(catalog, "seg", .annotation, .uint64).id == 3)
        #expect(try catalog.metadata(on: resource) == [], "a new channel has no metadata of an old one")
        let dropped = try catalog.droppedChannels()
        #expect(dropped.map(\.id) == [2] && dropped[0].state == .dropped && dropped[0].name == "seg")
        #expect(throws: CatalogError.notFound(kind: .channel, path: "#2")) {
            try catalog.setDownsampleStatus(.queued, channelID: 2)
        }
        #expect(throws: CatalogError.inUse(kind: .channel, path: "#3", by: "seg")) {
            try catalog.forget(channelID: 3)
        }
        try catalog.forget(channelID: 2)
        try catalog.forget(channelID: 2)
        #expect(try catalog.droppedChannels() == [])
    }

    @Test("numbers are never used again: after drop, forget, cascade and reopening")
    func numbers() throws {
        let directory = TemporaryDirectory()
        var seen: Set<UInt32> = []
        for round in 0..<4 {
            let catalog = try openCatalog(directory.file)
            try populate(catalog)
            let ids = try catalog.channels(in: "lab", "mouse").map(\.id)
            #expect(seen.isDisjoint(with: ids), "round \(round): \(ids)")
            seen.formUnion(ids)
            for id in try catalog.dropCollection("lab", cascade: true) { try catalog.forget(channelID: id) }
            try catalog.dropCoordinateFrame("frame")
        }
        #expect(seen == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("reserved numbers are skipped, and the last number is 2^32 - 2")
    func reservedNumbers() throws {
        let fresh = try Catalog.inMemory()
        try fresh.reserveChannelIDs(upTo: 7)
        try populate(fresh)
        #expect(try fresh.channels(in: "lab", "mouse").map(\.id) == [8, 9])
        try fresh.reserveChannelIDs(upTo: 3)
        #expect(try make(fresh, "a").id == 10)
        try fresh.reserveChannelIDs(upTo: .max - 2)
        #expect(try make(fresh, "b").id == .max - 1)
        expectInvalidValue("channel number") { try make(fresh, "c") }
        #expect(try fresh.channels(in: "lab", "mouse").map(\.name) == ["a", "b", "em", "seg"])
    }
}
