import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Foundation
import Testing

/// The statements of Grammar/examples that the language description lists, run on a database that has what
/// they name. Expected results are those of the description, written here by hand.
@Suite("The examples of the language")
struct GrammarExampleTests {
    /// What an example returns.
    enum Outcome: Equatable {
        case volume(String)
        case picture(Int, Int)
        case encoded(String)
        case rows([String], count: Int?)
        case tags([String])
        case notBuilt(String)
        case error(String, String)
    }

    private static let statisticsColumns = ["count", "min", "max", "sum", "mean", "stddev", "zeros", "nans"]
    private static let planColumns = ["step", "node", "detail", "est_pages", "est_bytes"]

    static let outcomes: [Int: Outcome] = [
        1: .volume("UINT8 [z, y, x] [16, 512, 512]"), 2: .volume("UINT8 [z, y, x] [1, 128, 128]"),
        3: .volume("UINT8 [z, y, x] [25, 500, 500]"), 4: .volume("UINT8 [z, y, x] [16, 256, 256]"),
        5: .volume("UINT8 [z, y, x] [16, 64, 64]"), 6: .volume("UINT8 [z, y, x] [8, 64, 64]"),
        7: .volume("UINT16 [t, z, y, x] [10, 8, 64, 64]"), 8: .volume("UINT64 [z, y, x] [16, 512, 512]"),
        9: .volume("UINT8 [z, y, x] [14, 14, 24]"), 10: .volume("UINT8 [z, y, x] [16, 512, 512]"),
        11: .volume("UINT8 [z, y, x] [10, 10, 20]"),
        12: .volume("INT64 [z, y, x] [8, 64, 64]"), 13: .volume("UINT8 [y, x] [512, 512]"),
        14: .volume("UINT8 [z, x] [512, 2048]"),
        15: .picture(512, 512), 16: .picture(512, 512), 17: .notBuilt("SELECT TILE"), 18: .notBuilt("PLANE"),
        19: .encoded("model/obj"), 20: .volume("UINT64 [z, y, x] [8, 64, 64]"),
        21: .volume("UINT64 [z, y, x] [8, 64, 64]"),
        22: .rows(["id"], count: 2), 23: .rows(["id"], count: 1), 24: .rows(["id"], count: 1),
        25: .rows(["id", "x0", "x1", "y0", "y1", "z0", "z1", "t0", "t1"], count: 1),
        26: .rows(["id", "x0", "x1", "y0", "y1", "z0", "z1", "t0", "t1"], count: 1),
        27: .rows(["count"], count: 1),
        28: .rows(["id", "voxels"], count: 2), 29: .rows(["id", "volume_um3", "cx", "cy", "cz"], count: 1),
        30: .rows(["count"], count: 1), 31: .rows(["bin", "lo", "hi", "count"], count: 256),
        32: .rows(["z"] + statisticsColumns, count: 64), 33: .rows(["id", "mean"], count: 2),
        34: .rows(["id_a", "id_b", "area_nm2"], count: 0), 35: .rows(["id_a", "id_b", "voxels"], count: 2),
        36: .rows(["ord", "x", "y", "z", "t", "value"], count: 2), 37: .notBuilt("syn is no points layer"),
        38: .notBuilt("syn is no points layer"), 39: .rows(["x0", "y0", "z0", "bytes"], count: 0),
        40: .rows(["sum"], count: 1), 41: .rows(["id_old", "id_new", "voxels"], count: 0),
        42: .tags(["INSERT 32768"]),
        43: .tags(["INSERT 30768"]), 44: .notBuilt("INSERT … SELECT"), 45: .tags(["DELETE 1600"]),
        46: .tags(["UPDATE 0"]), 47: .tags(["MERGE 2"]), 48: .rows(["start_id", "count"], count: 1),
        49: .notBuilt("COPY"),
        50: .notBuilt("ONLY DIRTY"), 51: .notBuilt("ASYNC"), 52: .notBuilt("ASYNC"), 53: .notBuilt("EXPORT"),
        54: .notBuilt("SHOW JOBS"), 55: .notBuilt("a job statement"),
        56: .rows(["res", "voxel_x", "voxel_z", "dirty_pages"], count: 4),
        57: .tags(["SET 2"]), 58: .notBuilt("the system view sys.metadata"), 59: .notBuilt("GRANT"),
        60: .notBuilt("CREATE TOKEN"),
        61: .notBuilt("SET LIMIT"), 62: .notBuilt("SHOW USAGE"),
        63: .rows(["name", "commit"], count: 1), 64: .tags(["BEGIN", "INSERT 512", "SET 1", "COMMIT"]),
        65: .rows(planColumns, count: 4),
        66: .rows(
            planColumns + [
                "pages_read", "bricks", "bricks_decoded", "cache_hits", "bytes_read", "bytes_decoded",
                "summaries", "index_entries", "rows", "ms",
            ], count: 3),
        67: .rows(["dtype", "axes", "shape", "bytes"], count: 1),
        68: .rows(["severity", "object", "problem", "remedy"], count: 0),
        69: .volume("UINT8 [z, y, x] [8, 64, 64]"),
        70: .error("22V01", "0:4096"),
    ]

    @Test("return what the description says, or 0A000 with the name of what is not built")
    func examples() throws {
        let names = try GrammarFiles.examples().prefix(70)
        #expect(names.count == 70)
        let shared = try Self.prepared()
        for (index, name) in names.enumerated() {
            // All read the same data; those that write have a database of their own.
            let number = index + 1
            let text = try GrammarFiles.text(name)
            let fixture = Self.isWriting(number) ? try Self.prepared(makesSnapshot: number != 63) : shared
            let found = try Self.outcome(text, number, fixture)
            #expect(found == Self.outcomes[number], "\(name)")
        }
    }

    @Test("now run, other than those that answer 0A000: 53 of 70")
    func counts() {
        let running = Self.outcomes.values.filter { if case .notBuilt = $0 { false } else { true } }
        #expect(running.count == 53)
    }

    private static func isWriting(_ number: Int) -> Bool { [42, 43, 57, 63, 64].contains(number) }

    /// `lab/mouse1` with what the examples name. In `seg` object 42 has 20 x 10 x 10 voxels at the origin, 7
    /// lies beside it at distance 1. An object of `seg2` lies over both ends that face each other.
    private static func prepared(makesSnapshot: Bool = true) throws -> ResourceFixture {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:4096 Y 0:4096 Z 0:512 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION lab;
            CREATE EXPERIMENT lab/mouse1 FRAME f LEVELS 4 TIME 10;
            USE lab/mouse1;
            CREATE CHANNEL em TYPE IMAGE DATATYPE UINT8;
            CREATE CHANNEL em_filtered TYPE IMAGE DATATYPE UINT8;
            CREATE CHANNEL em_copy TYPE IMAGE DATATYPE UINT8;
            CREATE CHANNEL mask TYPE IMAGE DATATYPE UINT8;
            CREATE CHANNEL calcium TYPE IMAGE DATATYPE UINT16;
            CREATE CHANNEL seg TYPE ANNOTATION DATATYPE UINT64;
            CREATE CHANNEL seg2 TYPE ANNOTATION DATATYPE UINT64;
            """)
        func volume(_ type: VoxelType, _ shape: [Int], _ bits: UInt64) throws -> Parameter {
            .volume(try ResourceFixture.volume(type, shape, filledWith: bits))
        }
        try fixture.run(
            "INSERT CUTOUT INTO em X 0:64 Y 0:64 Z 0:8 VALUES $1",
            parameters: [volume(.uint8, [8, 64, 64], 9)])
        try fixture.run(
            "INSERT CUTOUT INTO seg X 0:20 Y 0:10 Z 0:10 VALUES $1",
            parameters: [volume(.uint64, [10, 10, 20], 42)])
        try fixture.run(
            "INSERT CUTOUT INTO seg X 21:31 Y 0:5 Z 0:8 VALUES $1",
            parameters: [volume(.uint64, [8, 5, 10], 7)])
        try fixture.run(
            "INSERT CUTOUT INTO seg2 X 10:24 Y 0:10 Z 0:10 VALUES $1",
            parameters: [volume(.uint64, [10, 10, 14], 5)])
        try fixture.run("DOWNSAMPLE em; DOWNSAMPLE seg")
        // Example 63 makes the snapshot, the ones before it read it.
        if makesSnapshot { try fixture.run("CREATE SNAPSHOT release1 OF lab/mouse1") }
        return fixture
    }

    private static func outcome(_ text: String, _ number: Int, _ fixture: ResourceFixture) throws -> Outcome {
        let side = number == 64 ? [8, 8, 8] : [8, 64, 64]
        let block = try ResourceFixture.volume(.uint64, side, filledWith: 5)
        let file = fixture.folder + "/block.npy"
        let bytes = CaseFiles.npyHeader(block) + block.withUnsafeBytes { Array($0) }
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let statement = text.replacingOccurrences(of: "'block.npy'", with: "'\(file)'")
        var tags: [String] = []
        var last: ResultValue?
        do {
            try fixture.session.execute(statement, parameters: [.volume(block)]) { result in
                last = result.value
                if case .tag(let word, let count) = result.value {
                    tags.append(count.map { "\(word) \($0)" } ?? word)
                }
            }
        } catch let error as DatabaseError {
            #expect(error.position != nil, "\(number): \(error)")
            guard error.sqlState == "0A000" else { return .error(error.sqlState, extent(in: error)) }
            return .notBuilt(
                error.message.components(separatedBy: [" is not supported yet", ", which are not"]))
        }
        switch last {
        case .volume(let result):
            let axes = result.volume.axes.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            return .volume("\(result.volume.voxelType.rawValue) [\(axes)] \(result.volume.shape)")
        case .encoded(let result) where result.mediaType != "image/png": return .encoded(result.mediaType)
        case .encoded(let result):
            let picture = try PNGPixels(result.bytes)
            return .picture(picture.width, picture.height)
        case .rows(let rows): return .rows(rows.columns.map(\.name), count: rows.rows.count)
        case .tag, nil: return .tags(tags)
        }
    }

    /// The extent that an error names beside the hint's OUTSIDE.
    private static func extent(in error: DatabaseError) -> String {
        error.message.contains("0:4096") && error.hint?.contains("OUTSIDE") == true ? "0:4096" : error.message
    }
}

extension String {
    /// The text before the first of some endings.
    fileprivate func components(separatedBy endings: [String]) -> String {
        endings.reduce(self) { $0.components(separatedBy: $1)[0] }
    }
}
