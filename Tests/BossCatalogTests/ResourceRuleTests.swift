import BossCatalog
import BossGeometry
import BossVoxels
import Testing

@Suite("Collections, frames and experiments")
struct ResourceRuleTests {
    @Test("names hold 1 to 255 of A-Z a-z 0-9 _ -, for every kind")
    func names() throws {
        let catalog = try populatedCatalog()
        let longest = String(repeating: "n", count: 255)
        let good = ["a", "-", "_", "A-Z_09", "0", longest]
        let bad = ["", longest + "n", "a b", "a/b", "a.b", "é", "e\u{301}", "a\0", "a\n", "名", "٣"]
        for name in good {
            try catalog.createCollection(NewCollection(name: name))
            try catalog.createCoordinateFrame(standardFrame(name))
            try catalog.createExperiment(in: name, NewExperiment(name: name, coordinateFrame: name))
            try catalog.createChannel(in: name, name, NewChannel(name: name, kind: .image, voxelType: .uint8))
            #expect(try catalog.resolveChannel(collection: name, experiment: name, channel: name) != nil)
        }
        for name in bad {
            expectInvalidName(.collection, name) { try catalog.createCollection(NewCollection(name: name)) }
            expectInvalidName(.coordinateFrame, name) {
                try catalog.createCoordinateFrame(standardFrame(name))
            }
            expectInvalidName(.experiment, name) {
                try catalog.createExperiment(in: "lab", NewExperiment(name: name, coordinateFrame: "frame"))
            }
            expectInvalidName(.channel, name) {
                try catalog.createChannel(
                    in: "lab", "mouse", NewChannel(name: name, kind: .image, voxelType: .uint8))
            }
            expectInvalidName(.collection, name) { try catalog.renameCollection("lab", to: name) }
            expectInvalidName(.coordinateFrame, name) { try catalog.renameCoordinateFrame("frame", to: name) }
            expectInvalidName(.experiment, name) {
                try catalog.renameExperiment("mouse", in: "lab", to: name)
            }
            expectInvalidName(.channel, name) {
                try catalog.renameChannel("em", in: "lab", "mouse", to: name)
            }
        }
    }

    @Test("names keep and compare case")
    func nameCase() throws {
        let catalog = try populatedCatalog()
        try catalog.createCollection(NewCollection(name: "LAB"))
        #expect(try catalog.collections().map(\.name) == ["LAB", "lab"])
        #expect(throws: CatalogError.notFound(kind: .collection, path: "Lab")) {
            try catalog.collection("Lab")
        }
    }

    @Test("descriptions hold 4096 characters, not one more")
    func descriptions() throws {
        let catalog = try populatedCatalog()
        for letter in ["x", "\u{1F9E0}"] {
            let longest = String(repeating: letter, count: 4096)
            #expect(
                try catalog.alterCollection("lab", CollectionChanges(description: longest)).description
                    == longest)
            #expect(try catalog.alterCoordinateFrame("frame", description: longest).description == longest)
            expectInvalidValue("description") {
                try catalog.alterCollection("lab", CollectionChanges(description: longest + letter))
            }
            expectInvalidValue("description") {
                try catalog.createCollection(NewCollection(name: "x", description: longest + letter))
            }
        }
        expectInvalidValue("description") {
            try catalog.alterCollection("lab", CollectionChanges(description: "a\0b"))
        }
    }

    @Test("names are unique where they must be, and only there")
    func uniqueness() throws {
        let catalog = try populatedCatalog()
        #expect(throws: CatalogError.alreadyExists(kind: .collection, path: "lab")) {
            try catalog.createCollection(NewCollection(name: "lab"))
        }
        #expect(throws: CatalogError.alreadyExists(kind: .coordinateFrame, path: "frame")) {
            try catalog.createCoordinateFrame(standardFrame())
        }
        #expect(throws: CatalogError.alreadyExists(kind: .experiment, path: "lab/mouse")) {
            try catalog.createExperiment(in: "lab", NewExperiment(name: "mouse", coordinateFrame: "frame"))
        }
        try catalog.createCollection(NewCollection(name: "lab2"))
        try catalog.createExperiment(in: "lab2", NewExperiment(name: "mouse", coordinateFrame: "frame"))
        try catalog.createChannel(
            in: "lab2", "mouse", NewChannel(name: "em", kind: .image, voxelType: .uint8))
        #expect(throws: CatalogError.alreadyExists(kind: .collection, path: "lab")) {
            try catalog.renameCollection("lab2", to: "lab")
        }
        try catalog.renameCollection("lab", to: "lab")
    }

    @Test("unknown names are named with their kind and path")
    func unknown() throws {
        let catalog = try populatedCatalog()
        #expect(throws: CatalogError.notFound(kind: .collection, path: "no")) {
            try catalog.createExperiment(in: "no", NewExperiment(name: "e", coordinateFrame: "frame"))
        }
        #expect(throws: CatalogError.notFound(kind: .coordinateFrame, path: "no")) {
            try catalog.createExperiment(in: "lab", NewExperiment(name: "e", coordinateFrame: "no"))
        }
        #expect(throws: CatalogError.notFound(kind: .experiment, path: "lab/no")) {
            try catalog.channels(in: "lab", "no")
        }
        #expect(throws: CatalogError.notFound(kind: .channel, path: "lab/mouse/no")) {
            try catalog.channel("no", in: "lab", "mouse")
        }
        #expect(throws: CatalogError.notFound(kind: .collection, path: "no")) {
            try catalog.experiments(in: "no")
        }
        #expect(throws: CatalogError.notFound(kind: .collection, path: "no")) {
            try catalog.dropCollection("no")
        }
        for path in [("no", "mouse", "em"), ("lab", "no", "em"), ("lab", "mouse", "no")] {
            #expect(
                try catalog.resolveChannel(collection: path.0, experiment: path.1, channel: path.2) == nil)
        }
    }

    @Test("a frame spans 0 <= start < stop <= 2^40, with finite sizes above 0")
    func frames() throws {
        let catalog = try populatedCatalog()
        let limit = 1 << 40
        var edge = standardFrame("edge")
        edge.start = VoxelPoint(x: 0, y: limit - 1, z: 7)
        edge.stop = VoxelPoint(x: limit, y: limit, z: 8)
        edge.voxelSize = PhysicalSize(x: .leastNonzeroMagnitude, y: 1e280, z: 0.1)
        edge.voxelUnit = .centimeters
        let stored = try catalog.createCoordinateFrame(edge)
        #expect(stored.frame.box == VoxelBox(x: 0..<limit, y: limit - 1..<limit, z: 7..<8))
        #expect(stored.frame.voxelSize == edge.voxelSize)
        #expect(stored.frame.unit == .centimeters)
        #expect(try catalog.coordinateFrame("edge") == stored)

        func refused(_ field: String, _ change: (inout NewCoordinateFrame) -> Void) {
            var frame = standardFrame("bad")
            change(&frame)
            expectInvalidValue(field) { try catalog.createCoordinateFrame(frame) }
        }
        refused("x_start") { $0.start.x = -1 }
        refused("y_start") { $0.start.y = limit }
        refused("z_start") { $0.start.z = Int.max }
        refused("x_stop") { $0.stop.x = 0 }
        refused("y_stop") { $0.stop.y = limit + 1 }
        refused("z_stop") { $0.start.z = 512 }
        refused("z_stop") { $0.stop.z = Int.min }
        refused("x_voxel_size") { $0.voxelSize.x = 0 }
        refused("y_voxel_size") { $0.voxelSize.y = -.infinity }
        refused("y_voxel_size") { $0.voxelSize.y = .infinity }
        refused("z_voxel_size") { $0.voxelSize.z = .nan }
        refused("z_voxel_size") { $0.voxelSize.z = 1e308 }
        #expect(try catalog.coordinateFrames().map(\.name) == ["edge", "frame"])
    }

    @Test("experiments take BossDB's defaults")
    func experimentDefaults() throws {
        let catalog = try populatedCatalog()
        let made = try catalog.createExperiment(in: "lab", NewExperiment(name: "e", coordinateFrame: "frame"))
        #expect(made.hierarchyMethod == .anisotropic)
        #expect(made.levelCount == 1)
        #expect(made.timeSampleCount == 1)
        #expect(made.timeStep == nil)
        #expect(made.timeStepUnit == nil)
        #expect(!made.isPublic)
        #expect(made.coordinateFrameName == "frame")
        #expect(made.createdAtMicroseconds > 1_700_000_000_000_000)
    }

    @Test("levels are 1 to 31, time samples 1 to 2^32 - 1, time steps finite and not negative")
    func experimentRanges() throws {
        let catalog = try populatedCatalog()
        func make(_ name: String, _ change: (inout NewExperiment) -> Void) throws {
            var new = NewExperiment(name: name, coordinateFrame: "frame")
            change(&new)
            try catalog.createExperiment(in: "lab", new)
        }
        try make("a") { ($0.levelCount, $0.timeSampleCount, $0.timeStep) = (31, 4_294_967_295, 0) }
        expectInvalidValue("num_hierarchy_levels") { try make("b") { $0.levelCount = 0 } }
        expectInvalidValue("num_hierarchy_levels") { try make("b") { $0.levelCount = 32 } }
        expectInvalidValue("num_time_samples") { try make("b") { $0.timeSampleCount = 0 } }
        expectInvalidValue("num_time_samples") { try make("b") { $0.timeSampleCount = 4_294_967_296 } }
        for step in [-1, Double.nan, .infinity] {
            expectInvalidValue("time_step") { try make("b") { $0.timeStep = step } }
        }
    }

    @Test("an experiment without channels may change freely, one with channels only grow")
    func alterExperiment() throws {
        let catalog = try populatedCatalog()
        try catalog.createExperiment(
            in: "lab", NewExperiment(name: "e", coordinateFrame: "frame", levelCount: 4))
        let free = try catalog.alterExperiment(
            "e", in: "lab",
            ExperimentChanges(
                description: "d", isPublic: true, hierarchyMethod: .isotropic, levelCount: 2,
                timeSampleCount: 9,
                timeStep: 3, timeStepUnit: .seconds))
        #expect(free.description == "d" && free.isPublic && free.hierarchyMethod == .isotropic)
        #expect(free.levelCount == 2 && free.timeSampleCount == 9)
        #expect(free.timeStep == 3 && free.timeStepUnit == .seconds)
        let cleared = try catalog.alterExperiment(
            "e", in: "lab", ExperimentChanges(timeStep: .some(nil), timeStepUnit: .some(nil)))
        #expect(cleared.timeStep == nil && cleared.timeStepUnit == nil && cleared.description == "d")

        func alterFull(_ changes: ExperimentChanges) throws -> ExperimentRecord {
            try catalog.alterExperiment("mouse", in: "lab", changes)
        }
        #expect(throws: CatalogError.cannotAlter(property: "hierarchy_method")) {
            try alterFull(ExperimentChanges(hierarchyMethod: .isotropic))
        }
        #expect(throws: CatalogError.cannotAlter(property: "num_hierarchy_levels")) {
            try alterFull(ExperimentChanges(levelCount: 2))
        }
        #expect(throws: CatalogError.cannotAlter(property: "num_time_samples")) {
            try alterFull(ExperimentChanges(timeSampleCount: 4))
        }
        expectInvalidValue("num_hierarchy_levels") { _ = try alterFull(ExperimentChanges(levelCount: 32)) }
        let same = try alterFull(
            ExperimentChanges(hierarchyMethod: .anisotropic, levelCount: 3, timeSampleCount: 5))
        #expect(same.levelCount == 3)
        #expect(try alterFull(ExperimentChanges(levelCount: 31, timeSampleCount: 6)).levelCount == 31)
    }

    @Test("renames keep ids, children and metadata")
    func renames() throws {
        let catalog = try populatedCatalog()
        let before = try #require(
            try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "seg"))
        try catalog.setMetadata(on: .collection("lab"), [MetadataAssignment(key: "k", value: "1")])
        try catalog.renameCollection("lab", to: "lab2")
        try catalog.renameExperiment("mouse", in: "lab2", to: "rat")
        try catalog.renameCoordinateFrame("frame", to: "frame2")
        try catalog.renameChannel("em", in: "lab2", "rat", to: "em2")
        #expect(try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "seg") == nil)
        let after = try #require(
            try catalog.resolveChannel(collection: "lab2", experiment: "rat", channel: "seg"))
        #expect(after.channel.id == before.channel.id && after.channel.sources == ["em2"])
        #expect(
            after.experiment.id == before.experiment.id && after.experiment.coordinateFrameName == "frame2")
        #expect(try catalog.metadata(on: .collection("lab2")).map(\.key) == ["k"])
    }

    @Test("a parent with children is dropped only with cascade; a frame in use never")
    func drops() throws {
        let catalog = try populatedCatalog()
        #expect(throws: CatalogError.notEmpty(kind: .collection, path: "lab", childCount: 1)) {
            try catalog.dropCollection("lab")
        }
        #expect(throws: CatalogError.notEmpty(kind: .experiment, path: "lab/mouse", childCount: 2)) {
            try catalog.dropExperiment("mouse", in: "lab")
        }
        #expect(throws: CatalogError.inUse(kind: .coordinateFrame, path: "frame", by: "lab/mouse")) {
            try catalog.dropCoordinateFrame("frame")
        }
        #expect(try catalog.channels(in: "lab", "mouse").count == 2, "the refusals changed nothing")
        let dropped = try catalog.dropCollection("lab", cascade: true)
        #expect(dropped == [1, 2])
        #expect(try catalog.droppedChannels().map(\.id) == [1, 2])
        try catalog.dropCoordinateFrame("frame")
        #expect(try catalog.tree() == Catalog.inMemory().tree())
        #expect(try catalog.check() == [])
    }

    @Test("an experiment whose channels were all dropped is empty")
    func emptiedExperiment() throws {
        let catalog = try populatedCatalog()
        try catalog.dropChannel("seg", in: "lab", "mouse")
        try catalog.dropChannel("em", in: "lab", "mouse")
        #expect(try catalog.dropExperiment("mouse", in: "lab") == [])
        #expect(try catalog.droppedChannels().map(\.id) == [1, 2], "their pages are still to be removed")
        #expect(try catalog.check() == [])
    }

    @Test("the tree shows everything, sorted by name")
    func tree() throws {
        let catalog = try populatedCatalog()
        try catalog.createCollection(NewCollection(name: "a"))
        try catalog.createExperiment(in: "lab", NewExperiment(name: "ape", coordinateFrame: "frame"))
        let tree = try catalog.tree()
        #expect(tree.collections.map(\.record.name) == ["a", "lab"])
        #expect(tree.collections[0].experiments.isEmpty)
        #expect(tree.collections[1].experiments.map(\.record.name) == ["ape", "mouse"])
        #expect(tree.collections[1].experiments[1].channels == (try catalog.channels(in: "lab", "mouse")))
        #expect(tree.collections[1].experiments.map(\.record) == (try catalog.experiments(in: "lab")))
        #expect(tree.coordinateFrames == (try catalog.coordinateFrames()))
    }
}
