import BossDatabase
import BossGeometry
import BossQuery
import BossTestSupport
import BossVoxels
import Testing

/// Random statements against arrays that are changed voxel by voxel.
@Suite("Statements and a model")
struct StatementModelTests {
    @Test("agree over random regions of images", arguments: [UInt64(0xB055), 0xCAFE, 0x5EED])
    func images(_ seed: UInt64) throws {
        var model = try StatementModel(.uint8, seed: seed, values: [0, 1, 2, 3, 255])
        try model.run(statementCount: 110)
    }

    @Test("agree over random regions of labels, IDs above 2^63 among them", arguments: [UInt64(7), 0xACE])
    func labels(_ seed: UInt64) throws {
        var model = try StatementModel(.uint64, seed: seed, values: [0, 1, 42, 1 << 63, .max])
        try model.run(statementCount: 80)
    }
}

/// A channel twice: in a database, and as plain arrays, a level and time sample each.
struct StatementModel {
    private let fixture: ResourceFixture
    private let frame = NaiveFrame()
    private let type: VoxelType
    private let values: [UInt64]
    private var random: SeededGenerator
    /// By time sample and level; the coarser ones as DOWNSAMPLE left them.
    private var levels: [[Level]]
    private var isBuilt = false
    private var isChanged = false

    struct Level {
        /// The first voxel along x, y, z.
        let origin: [Int]
        let shape: [Int]
        var voxels: [UInt64]

        init(_ axes: [[Int]]) {
            (origin, shape) = (axes.map { $0[0] }, axes.map(\.count))
            voxels = Array(repeating: 0, count: shape.reduce(1, *))
        }

        func index(_ x: Int, _ y: Int, _ z: Int) -> Int {
            ((z - origin[2]) * shape[1] + y - origin[1]) * shape[0] + x - origin[0]
        }
    }

    init(_ type: VoxelType, seed: UInt64, values: [UInt64]) throws {
        fixture = try ResourceFixture()
        (self.type, self.values, random) = (type, values, SeededGenerator(seed: seed))
        let naive = frame
        levels = (0..<frame.timeSampleCount).map { _ in
            (0..<naive.levelCount).map { level in Level((0..<3).map { naive.voxels($0, level) }) }
        }
        try fixture.run(
            """
            CREATE FRAME f X 49:81 Y 58:71 Z 9:21 VOXEL 4nm, 4nm, 4nm;
            CREATE COLLECTION c;
            CREATE EXPERIMENT c/e FRAME f LEVELS 3 HIERARCHY ISOTROPIC TIME 2;
            CREATE CHANNEL c/e/a TYPE \(type == .uint64 ? "ANNOTATION" : "IMAGE") DATATYPE \(type.rawValue)
                CUBOID 64,64,16;
            USE c/e;
            """)
    }

    mutating func run(statementCount: Int) throws {
        for number in 0..<statementCount {
            do {
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<7: try insert()
                case 7: try delete()
                case 8: try change()
                case 9: try downsample()
                case 10..<13: try ask()
                default: try select()
                }
            } catch {
                Issue.record("statement \(number), seed \(random.seed): \(error)")
                return
            }
        }
    }

    private func expect(_ condition: Bool, _ statement: String, _ details: String = "") throws {
        guard !condition else { return }
        throw CaseError("\(statement): \(details)")
    }

    /// - Returns: whether the statement was refused with 22V01, as it must be when `isLegal` is false.
    private func isRefused(_ statement: String, _ parameters: [Parameter], isLegal: Bool) throws -> Bool {
        guard !isLegal else { return false }
        try expect(fixture.refusal(statement, parameters).hasPrefix("22V01"), statement, "22V01 expected")
        return true
    }

    // MARK: Writing

    private mutating func insert() throws {
        let region = NaiveRegion(frame, isWritten: true, firstParameter: 2, using: &random)
        let shape = (region.hasTimeAxis ? [region.times.count] : []) + region.voxels.reversed().map(\.count)
        let constant = Int.random(in: 0..<4, using: &random) == 0 ? values.randomElement(using: &random) : nil
        let bits = (0..<shape.reduce(1, *)).map { _ in
            constant ?? values[Int(random.next() % UInt64(values.count))]
        }
        let mode = ["OVERWRITE", "NONZERO", "PRESERVE", "STRICT"][Int.random(in: 0..<4, using: &random)]
        let statement = "INSERT CUTOUT INTO a \(region.text) MODE \(mode) VALUES $1"
        let parameters = [.volume(try ResourceFixture.volume(type, shape, bits))] + region.parameters
        if try isRefused(statement, parameters, isLegal: region.result != nil) { return }
        var (changed, conflicts, next) = (0, 0, levels)
        var place = 0
        let existing = region.existing.map(Set.init)
        for time in region.times {
            for z in region.voxels[2] {
                for y in region.voxels[1] {
                    for x in region.voxels[0] {
                        let value = bits[place]
                        place += 1
                        guard existing[0].contains(x), existing[1].contains(y), existing[2].contains(z) else {
                            continue
                        }
                        let index = levels[time][0].index(x, y, z)
                        let old = levels[time][0].voxels[index]
                        if mode == "NONZERO", value == 0 { continue }
                        if mode == "PRESERVE", old != 0 { continue }
                        if old != 0, old != value { conflicts += 1 }
                        if old != value { changed += 1 }
                        next[time][0].voxels[index] = value
                    }
                }
            }
        }
        if mode == "STRICT", conflicts > 0 {
            try expect(fixture.refusal(statement, parameters).hasPrefix("23V01"), statement, "23V01 expected")
            return
        }
        let tag = try fixture.tag(statement, parameters)
        try expect(tag == "INSERT \(changed)", statement, "\(tag), \(changed) changed")
        levels = next
        if changed > 0 { isChanged = true }
    }

    private mutating func delete() throws {
        let region = NaiveRegion(frame, isWritten: true, firstParameter: 1, using: &random)
        let statement = "DELETE CUTOUT FROM a \(region.text)"
        if try isRefused(statement, region.parameters, isLegal: region.result != nil) { return }
        var count = 0
        for time in region.times {
            for z in region.existing[2] {
                for y in region.existing[1] {
                    for x in region.existing[0] {
                        let index = levels[time][0].index(x, y, z)
                        if levels[time][0].voxels[index] != 0 { count += 1 }
                        levels[time][0].voxels[index] = 0
                    }
                }
            }
        }
        let tag = try fixture.tag(statement, region.parameters)
        try expect(tag == "DELETE \(count)", statement, "\(tag), \(count) counted")
        if count > 0 { isChanged = true }
    }

    private mutating func downsample() throws {
        guard !isBuilt || isChanged else { return }
        try fixture.run("DOWNSAMPLE a METHOD MAX")
        for time in levels.indices {
            for level in 1..<frame.levelCount {
                var coarse = Level((0..<3).map { frame.voxels($0, level) })
                for z in frame.extent[2] {
                    for y in frame.extent[1] {
                        for x in frame.extent[0] {
                            let value = levels[time][0].voxels[levels[time][0].index(x, y, z)]
                            let index = coarse.index(x >> level, y >> level, z >> level)
                            coarse.voxels[index] = max(coarse.voxels[index], value)
                        }
                    }
                }
                levels[time][level] = coarse
            }
        }
        (isBuilt, isChanged) = (true, false)
    }

    /// UPDATE, DELETE … WHERE and SPLIT: only voxels of some values, cut along z.
    private mutating func change() throws {
        let region = NaiveRegion(frame, isWritten: true, firstParameter: 3, using: &random)
        let (old, new) = (
            values.randomElement(using: &random) ?? 0, values.randomElement(using: &random) ?? 0
        )
        let (word, end) = (type == .uint64 ? "ID" : "VALUE", Int.random(in: 9..<22, using: &random))
        let (statement, verb, value): (String, String, UInt64)
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where type == .uint64 && old != 0 && new != 0:
            (verb, value) = ("SPLIT", new)
            statement = "SPLIT ID $1 IN a \(region.text) WHERE Z < \(end) INTO $2"
        case 1:
            (verb, value) = ("DELETE", 0)
            statement = "DELETE CUTOUT FROM a \(region.text) WHERE \(word) = $1 AND \(end) > Z"
        default:
            (verb, value) = ("UPDATE", new)
            statement =
                "UPDATE CUTOUT a \(region.text) SET \(word) = $2 WHERE Z BETWEEN 0 AND \(end - 1) AND \(word) IN ($1)"
        }
        let parameters = [.unsigned(old), .unsigned(new)] + region.parameters
        if try isRefused(statement, parameters, isLegal: region.result != nil) { return }
        var count = 0
        for time in region.times {
            for z in region.existing[2] where z < end {
                for y in region.existing[1] {
                    for x in region.existing[0] {
                        let index = levels[time][0].index(x, y, z)
                        guard levels[time][0].voxels[index] == old, old != value else { continue }
                        count += 1
                        levels[time][0].voxels[index] = value
                    }
                }
            }
        }
        let tag = try fixture.tag(statement, parameters)
        try expect(tag == "\(verb) \(count)", statement, "\(tag), \(count) counted")
        if count > 0 { isChanged = true }
    }

    // MARK: Reading

    /// The voxels of a region that a result must hold.
    private func expected(_ region: NaiveRegion, _ axes: [[Int]]) -> [UInt64] {
        let fill: UInt64 = if case .fill(let value) = region.policy { value } else { 0 }
        let existing = region.existing.map(Set.init)
        var bits: [UInt64] = []
        for time in region.times {
            let level = levels[time][region.level]
            for z in axes[2] {
                for y in axes[1] {
                    let isRow = existing[2].contains(z) && existing[1].contains(y)
                    for x in axes[0] {
                        bits.append(
                            isRow && existing[0].contains(x) ? level.voxels[level.index(x, y, z)] : fill)
                    }
                }
            }
        }
        return bits
    }

    private mutating func select() throws {
        let region = NaiveRegion(frame, isWritten: false, firstParameter: 1, using: &random)
        if region.level > 0, !isBuilt { return }
        let isSlice = region.singleAxes.count == 1 && !region.hasTimeAxis && Bool.random(using: &random)
        let statement = "SELECT \(isSlice ? "SLICE" : "CUTOUT") FROM a \(region.text)"
        if try isRefused(statement, region.parameters, isLegal: region.result != nil) { return }
        guard let axes = region.result else { return }
        let answer = try fixture.session.query(statement, parameters: region.parameters)
        guard case .volume(let result) = answer.value else { throw CaseError("no volume: \(statement)") }
        let kept = (0..<3).reversed().filter { !isSlice || !region.singleAxes.contains($0) }
        let time = region.hasTimeAxis
        try expect(
            result.volume.shape == (time ? [2] : []) + kept.map { axes[$0].count }, statement,
            "\(result.volume.shape)")
        try expect(
            result.origin == (time ? [0] : []) + kept.map { axes[$0][0] }, statement, "\(result.origin)")
        try expect(result.resolution == region.level, statement)
        try expect(ResourceFixture.bits(result.volume) == expected(region, axes), statement, "other voxels")
        let states = answer.warnings.map(\.sqlState)
        let isClipped = if case .clip = region.policy { axes != region.voxels } else { false }
        try expect(states.contains("01V02") == isClipped, statement, "\(states)")
        try expect(!states.contains("01V01") || (region.level > 0 && isChanged), statement, "\(states)")
        try selectSome(region, expected(region, axes))
    }

    /// The same voxels under a condition, and as a mask.
    private mutating func selectSome(_ region: NaiveRegion, _ voxels: [UInt64]) throws {
        let bound = values.randomElement(using: &random) ?? 0
        let word = type == .uint64 ? "ID" : "VALUE"
        let kept = try fixture.volume(
            "SELECT CUTOUT FROM a \(region.text) WHERE \(word) >= \(bound)", region.parameters)
        try expect(
            ResourceFixture.bits(kept.volume) == voxels.map { $0 >= bound ? $0 : 0 }, region.text,
            "WHERE >= \(bound)")
        let mask = try fixture.volume(
            "SELECT CUTOUT NOT \(word) < \(bound) FROM a \(region.text)", region.parameters)
        try expect(mask.volume.voxelType == .uint8, region.text, "a mask")
        try expect(
            ResourceFixture.bits(mask.volume) == voxels.map { $0 >= bound ? 1 : 0 }, region.text,
            "mask >= \(bound)")
    }

    /// Questions whose answers follow from the voxels of the region that exist.
    private mutating func ask() throws {
        let region = NaiveRegion(frame, isWritten: false, firstParameter: 2, using: &random)
        if region.level > 0, !isBuilt { return }
        guard region.result != nil, region.existing.allSatisfy({ !$0.isEmpty }) else { return }
        let voxels = expected(region, region.existing)
        let wanted = values[Int.random(in: 0..<values.count, using: &random)]
        let parameters = [.unsigned(wanted)] + region.parameters
        let word = type == .uint64 ? "ID" : "VALUE"
        let count = try fixture.lines("COUNT VOXELS IN a \(region.text) WHERE \(word) >= $1", parameters)
        try expect(count == ["\(voxels.count { $0 >= wanted })"], "COUNT \(region.text)", "\(count)")
        guard type == .uint64 else {
            let sums = try fixture.lines("SELECT count, sum, zeros FROM STATS(a \(region.text))", parameters)
            let sum = voxels.reduce(0, +)
            try expect(
                sums == ["\(voxels.count) \(sum).0 \(voxels.count { $0 == 0 })"], "STATS \(region.text)",
                "\(sums)")
            return
        }
        let ids = try fixture.lines("FIND IDS IN a \(region.text) WHERE id <> $1", parameters)
        let distinct = Set(voxels).subtracting([0, wanted]).sorted()
        try expect(ids == distinct.map { "\($0)" }, "FIND IDS \(region.text)", "\(ids)")
    }
}
