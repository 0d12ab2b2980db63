import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A directory of its own for one test, removed with everything in it at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/bossdatabase-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file inside.
    func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// A simulated machine with a database on it, whose catalog is kept in memory beside the machine.
final class SimulatedDatabase {
    let catalog: Catalog
    var files: SimulatedFileSystem
    var options: DatabaseOptions
    private(set) var database: Database

    init(
        seed: UInt64 = 1, options: DatabaseOptions = smallOptions(), catalog: Catalog? = nil,
        files: SimulatedFileSystem? = nil
    ) throws {
        let catalog = try catalog ?? Catalog.inMemory()
        let files = files ?? SimulatedFileSystem(seed: seed)
        self.catalog = catalog
        self.files = files
        self.options = options
        database = try Self.open(files, catalog, options)
    }

    static func open(
        _ files: SimulatedFileSystem, _ catalog: Catalog, _ options: DatabaseOptions
    ) throws -> Database {
        var engineOptions = StorageOptions()
        engineOptions.poolByteCount = options.poolByteCount
        let isWriter = options.access == .readWrite
        let engine = try StorageEngine.open(
            fileSystem: files, mode: isWriter ? .readWrite(create: true) : .readOnly, options: engineOptions)
        return try Database(path: files.displayPath, options: options, catalog: catalog, engine: engine)
    }

    /// Closes the engine and opens it again. `Database.close` would take the catalog along.
    func reopen() throws {
        try database.engine.close()
        database = try Self.open(files, catalog, options)
    }

    /// Opens what a crashed machine left.
    func reopen(on crashed: SimulatedFileSystem) throws {
        files = crashed
        database = try Self.open(crashed, catalog, options)
    }
}

/// Options for tests: deterministic order of operations, small budgets.
func smallOptions(pool: Int = 1 << 20, bulk: Int = 8 << 20, workers: Int = 1) -> DatabaseOptions {
    var options = DatabaseOptions()
    options.poolByteCount = pool
    options.bulkByteCount = bulk
    options.workerCount = workers
    return options
}

/// What a test channel looks like.
struct ChannelPlan: Sendable, CustomTestStringConvertible {
    var name = "data"
    var kind = ChannelKind.image
    var voxelType = VoxelType.uint8
    var frame = VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19)
    var cuboid = VoxelExtent(x: 16, y: 16, z: 8)
    var brick = VoxelExtent(x: 8, y: 8, z: 4)
    var background: UInt64 = 0
    var times = 1
    var levels = 1
    var hierarchy = HierarchyMethod.anisotropic
    var voxelSize = PhysicalSize(x: 4, y: 4, z: 16)
    var compression = ChannelCompression.automatic

    var path: String { "lab/exp/\(name)" }
    var grid: CuboidGrid { get throws { try CuboidGrid(cuboid: cuboid, brick: brick) } }
    var testDescription: String {
        "\(voxelType.rawValue) \(cuboid)/\(brick) over \(frame), background \(background), \(times) samples"
    }
}

extension Database {
    /// Makes the collection, frame and experiment of a plan, and its channel.
    @discardableResult
    func make(_ plan: ChannelPlan) throws -> Channel {
        try createCollection("lab")
        try createFrame("frame", box: plan.frame, voxelSize: plan.voxelSize)
        try createExperiment(
            "lab/exp", frame: "frame", levelCount: plan.levels, hierarchy: plan.hierarchy,
            timeSampleCount: plan.times)
        return try add(plan)
    }

    /// Makes one more channel in the experiment of `make`.
    @discardableResult
    func add(_ plan: ChannelPlan) throws -> Channel {
        try createChannel(
            plan.path, kind: plan.kind, voxelType: plan.voxelType, grid: try plan.grid,
            compression: plan.compression, background: plan.background)
    }
}

/// The error of a call, nil when it succeeds.
func failure<R>(_ body: () throws -> R) -> DatabaseError? {
    do {
        _ = try body()
        return nil
    } catch let error as DatabaseError {
        return error
    } catch {
        Issue.record("\(error) is no DatabaseError")
        return nil
    }
}

/// Expects a refusal with a SQLSTATE whose message names some things; gives the error for more.
@discardableResult
func expectRefusal<R>(
    _ sqlState: String, naming parts: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> R
) -> DatabaseError? {
    let error = failure(body)
    #expect(error?.sqlState == sqlState, "\(String(describing: error))", sourceLocation: sourceLocation)
    for part in parts {
        #expect(
            error?.message.contains(part) == true, "\(String(describing: error)) does not name \(part)",
            sourceLocation: sourceLocation)
    }
    return error
}

func level(_ number: Int, isotropic: Bool = false) throws -> ResolutionLevel {
    try ResolutionLevel(level: number, isIsotropic: isotropic)
}

extension SeededGenerator {
    /// A number below a limit.
    mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(limit)) }
    /// Whether something of this probability happens.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// A box of at least one voxel inside another, at most `longest` voxels long along each axis.
    mutating func box(in outer: VoxelBox, longest: VoxelExtent) -> VoxelBox {
        func range(_ axis: SpatialAxis) -> Range<Int> {
            let length = 1 + below(min(longest[axis], outer.extent[axis]))
            let start = outer.lower[axis] + below(outer.extent[axis] - length + 1)
            return start..<start + length
        }
        let (x, y, z) = (range(.x), range(.y), range(.z))
        return VoxelBox(x: x, y: y, z: z)
    }
}
