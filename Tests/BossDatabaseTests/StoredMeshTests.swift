import BossCatalog
import BossGeometry
import BossMeshes
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Meshes that are put in: when they count, and what happens to them.
@Suite("Stored meshes")
struct StoredMeshTests {
    private static let plan = ChannelPlan(
        kind: .annotation, voxelType: .uint64, frame: VoxelBox(x: 0..<64, y: 0..<64, z: 0..<32))
    private static let object = VoxelBox(x: 4..<20, y: 4..<12, z: 4..<12)

    private func channel(_ simulated: SimulatedDatabase) throws -> Channel {
        let channel = try simulated.database.make(Self.plan)
        try write(7, Self.object, to: channel)
        return channel
    }

    private func write(_ id: UInt64, _ box: VoxelBox, to channel: Channel, in transaction: Transaction? = nil)
        throws
    {
        try channel.write(
            try ModelVolume(box, filledWith: id).volume(.uint64), at: box.lower, in: transaction)
    }

    /// A mesh of so many triangles that means nothing.
    private func mesh(_ count: Int, _ seed: UInt64 = 1) throws -> Mesh {
        var random = SeededGenerator(seed: seed)
        let vertexCount = max(3, count / 2)
        return try Mesh(
            vertices: (0..<vertexCount).map { _ in
                Mesh.Vertex(x: Float(random.below(9999)), y: Float(random.below(9999)), z: 0.5)
            },
            triangles: (0..<count).map { _ in
                Mesh.Triangle(
                    UInt32(random.below(vertexCount)), UInt32(random.below(vertexCount)),
                    UInt32(random.below(vertexCount)))
            })
    }

    @Test(
        "are given back as they were, of one triangle and of many bricks",
        arguments: [1, 20, 80_000, 400_000])
    func roundTrip(count: Int) throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        #expect(try channel.storedMesh(of: 7) == nil)
        let mesh = try mesh(count)
        try channel.putMesh(mesh, of: 7)
        #expect(try channel.storedMesh(of: 7) == mesh)
        try simulated.database.checkpoint()
        try simulated.database.compact()
        try simulated.reopen()
        let again = try simulated.database.channel(Self.plan.path)
        #expect(try again.storedMesh(of: 7) == mesh)
        #expect(try simulated.database.check(isFull: true).isEmpty)
        // The voxels are as they were.
        var statistics = ReadStatistics()
        let labels = try again.labels(in: CutoutRegion(box: Self.plan.frame), statistics: &statistics)
        #expect(labels.map(\.id) == [7] && labels.map(\.box) == [Self.object])
    }

    @Test("belong to one ID each, also above 2^63")
    func identifiers() throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        let ids: [UInt64] = [1, 1 << 63, 1 << 63 | 1, .max, .max >> 1]
        for (number, id) in ids.enumerated() {
            let box = VoxelBox(x: 20 + number..<21 + number, y: 0..<1, z: 0..<1)
            try write(id, box, to: channel)
        }
        for (number, id) in ids.enumerated() { try channel.putMesh(try mesh(5, UInt64(number)), of: id) }
        for (number, id) in ids.enumerated() {
            #expect(try channel.storedMesh(of: id) == (try mesh(5, UInt64(number))), "\(id)")
        }
        #expect(try channel.storedMesh(of: 7) == nil)
    }

    @Test("count until a cuboid of the object is written, and again once they are put in anew")
    func staleness() throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        let (old, new) = (try mesh(10, 1), try mesh(10, 2))
        try channel.putMesh(old, of: 7)
        // Far away, in a cuboid of its own.
        try write(8, VoxelBox(x: 50..<52, y: 50..<52, z: 20..<22), to: channel)
        #expect(try channel.storedMesh(of: 7) == old)
        // In a cuboid of the object.
        try write(8, VoxelBox(x: 0..<2, y: 0..<2, z: 0..<2), to: channel)
        #expect(try channel.storedMesh(of: 7) == nil)
        try channel.putMesh(new, of: 7)
        #expect(try channel.storedMesh(of: 7) == new)
        // The object grows into another cuboid.
        try write(7, VoxelBox(x: 40..<41, y: 4..<5, z: 4..<5), to: channel)
        #expect(try channel.storedMesh(of: 7) == nil)
        try channel.putMesh(old, of: 7)
        // It shrinks: nothing of what is left of it is written.
        try channel.erase(CutoutRegion(box: VoxelBox(x: 32..<48, y: 0..<16, z: 0..<8)))
        #expect(try channel.storedMesh(of: 7) == nil)
        try channel.putMesh(old, of: 7)
        try channel.erase(CutoutRegion(box: Self.plan.frame))
        #expect(try channel.storedMesh(of: 7) == nil)
    }

    @Test("have versions: each state shows the mesh and the labels of its time")
    func versions() throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        let (first, second) = (try mesh(4, 1), try mesh(4, 2))
        let empty = try simulated.database.view()
        try channel.putMesh(first, of: 7)
        let withFirst = try simulated.database.view()
        try write(7, VoxelBox(x: 4..<5, y: 20..<21, z: 4..<5), to: channel)
        let stale = try simulated.database.view()
        try channel.putMesh(second, of: 7)
        #expect(try channel.storedMesh(of: 7, view: empty) == nil)
        #expect(try channel.storedMesh(of: 7, view: withFirst) == first)
        #expect(try channel.storedMesh(of: 7, view: stale) == nil)
        #expect(try channel.storedMesh(of: 7) == second)
    }

    @Test("belong to their transaction")
    func transactions() throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        let (kept, lost) = (try mesh(4, 1), try mesh(4, 2))
        let transaction = try simulated.database.beginTransaction()
        try write(9, VoxelBox(x: 30..<34, y: 30..<34, z: 4..<6), to: channel, in: transaction)
        expectRefusal("02V01") { try channel.putMesh(kept, of: 9) }
        try channel.putMesh(kept, of: 9, in: transaction)
        #expect(try channel.storedMesh(of: 9, view: transaction.view) == kept)
        #expect(try channel.storedMesh(of: 9) == nil)
        try transaction.savepoint("here")
        try channel.putMesh(lost, of: 9, in: transaction)
        #expect(try channel.storedMesh(of: 9, view: transaction.view) == lost)
        try transaction.rollback(toSavepoint: "here")
        try transaction.commit()
        #expect(try channel.storedMesh(of: 9) == kept)
        let other = try simulated.database.beginTransaction()
        try channel.putMesh(lost, of: 9, in: other)
        other.rollback()
        #expect(try channel.storedMesh(of: 9) == kept)
    }

    @Test("are refused of images, of IDs without voxels, without triangles, and on a read-only handle")
    func refusals() throws {
        let simulated = try SimulatedDatabase()
        let channel = try channel(simulated)
        var image = ChannelPlan()
        image.name = "em"
        let em = try simulated.database.add(image)
        expectRefusal("22V08") { try em.putMesh(mesh(1), of: 7) }
        expectRefusal("02V01", naming: ["8"]) { try channel.putMesh(mesh(1), of: 8) }
        expectRefusal("02V01") { try channel.putMesh(mesh(1), of: 0) }
        expectRefusal("22V09") {
            try channel.putMesh(Mesh(vertices: [.init(x: 0, y: 0, z: 0)], triangles: []), of: 7)
        }
        simulated.options.access = .readOnly
        let reader = try SimulatedDatabase.open(simulated.files, simulated.catalog, simulated.options)
        expectRefusal("25006") { try reader.channel(Self.plan.path).putMesh(mesh(1), of: 7) }
    }

    @Test("go with their channel, and are salvaged with it")
    func salvage() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("lab.bossdb")
        let database = try Database.open(path, options: smallOptions())
        let channel = try database.make(Self.plan)
        try write(7, Self.object, to: channel)
        let mesh = try mesh(100_000)
        try channel.putMesh(mesh, of: 7)
        try database.checkpoint()
        try database.close()
        let saved = folder.file("saved.bossdb")
        let outcome = try Database.salvage(path, to: saved)
        #expect(outcome.losses.isEmpty && outcome.remarks.isEmpty, "\(outcome.remarks)")
        let copy = try Database.open(saved, options: smallOptions())
        let same = try copy.channel(Self.plan.path)
        #expect(try same.storedMesh(of: 7) == mesh)
        #expect(same.voxelType == .uint64)
        #expect(same.grid == (try Self.plan.grid))
        try copy.dropChannel(Self.plan.path)
        try copy.compact()
        #expect(try copy.check(isFull: true).isEmpty)
        try copy.close()
    }
}
