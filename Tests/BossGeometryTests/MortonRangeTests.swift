import BossGeometry
import BossTestSupport
import Testing

@Suite("Morton codes of a block")
struct MortonRangeTests {
    /// Brute force: every code of a 16^3 grid is asked whether it lies inside.
    @Test("list, runs, bigmin and litmax agree with brute force over 60 random blocks of a 16^3 grid")
    func bruteForce() throws {
        var random = SeededGenerator(seed: 0x60B0)
        let all = try (0..<UInt64(4096)).map { try MortonCode(rawValue: $0) }
        let indices = all.map(\.index)
        for _ in 0..<60 {
            let block = randomBlock(below: 16, using: &random)
            let isInside = indices.map { index in
                block.lower.x...block.upper.x ~= index.x && block.lower.y...block.upper.y ~= index.y
                    && block.lower.z...block.upper.z ~= index.z
            }
            let inside = all.indices.filter { isInside[$0] }.map { UInt64($0) }
            #expect(block.mortonCodes().map(\.rawValue) == inside, "\(block), seed \(random.seed)")
            #expect(block.count == inside.count)
            #expect(runs(of: block) == expectedRuns(inside), "\(block), seed \(random.seed)")
            #expect(all.indices.allSatisfy { block.contains(indices[$0]) == isInside[$0] })

            var following: UInt64?
            var wrong = 0
            for probe in all.reversed() {
                if isInside[Int(probe.rawValue)] { following = probe.rawValue }
                if block.bigmin(after: probe)?.rawValue != following { wrong += 1 }
            }
            #expect(wrong == 0, "bigmin, \(block), seed \(random.seed)")
            var preceding: UInt64?
            wrong = 0
            for probe in all {
                if isInside[Int(probe.rawValue)] { preceding = probe.rawValue }
                if block.litmax(before: probe)?.rawValue != preceding { wrong += 1 }
            }
            #expect(wrong == 0, "litmax, \(block), seed \(random.seed)")
        }
    }

    /// The oracle is sorting the codes of a triple loop.
    @Test("blocks near the last cuboid, 2^21 - 1, agree with a sorted triple loop")
    func farBlocks() throws {
        var random = SeededGenerator(seed: 0xFA2)
        let end: UInt32 = 1 << 21
        for _ in 0..<40 {
            let near = randomBlock(below: 12, using: &random)
            let block = CuboidRange(
                lower: CuboidIndex(
                    x: end - 12 + near.lower.x, y: end - 12 + near.lower.y, z: end - 12 + near.lower.z),
                upper: CuboidIndex(
                    x: end - 12 + near.upper.x, y: end - 12 + near.upper.y, z: end - 12 + near.upper.z))
            let expected = try sortedCodes(of: block)
            let codes = block.mortonCodes().map(\.rawValue)
            #expect(codes == expected, "\(block), seed \(random.seed)")
            #expect(runs(of: block) == expectedRuns(expected), "\(block), seed \(random.seed)")
            let first = try MortonCode(rawValue: 0)
            let last = try MortonCode(rawValue: UInt64.max >> 1)
            #expect(block.bigmin(after: first)?.rawValue == expected.first)
            #expect(block.litmax(before: last)?.rawValue == expected.last)
        }
        let corner = CuboidIndex(x: end - 1, y: end - 1, z: end - 1)
        let single = CuboidRange(lower: corner, upper: corner)
        #expect(single.mortonCodes().map(\.rawValue) == [UInt64.max >> 1])
    }

    @Test("bigmin walks a block with large random corners exactly as its sorted codes")
    func walk() throws {
        var random = SeededGenerator(seed: 0x3A1C)
        for _ in 0..<20 {
            let lower = randomIndex(below: (1 << 21) - 8, using: &random)
            let size = randomIndex(below: 8, using: &random)
            let block = CuboidRange(
                lower: lower,
                upper: CuboidIndex(x: lower.x + size.x, y: lower.y + size.y, z: lower.z + size.z))
            let expected = try sortedCodes(of: block)
            var walked: [UInt64] = []
            var next = block.bigmin(after: try MortonCode(rawValue: 0))
            while let code = next, walked.count <= expected.count {
                walked.append(code.rawValue)
                next =
                    code.rawValue == UInt64.max >> 1
                    ? nil : block.bigmin(after: try MortonCode(rawValue: code.rawValue + 1))
            }
            #expect(walked == expected, "\(block), seed \(random.seed)")
        }
    }

    @Test("an aligned power-of-two cube is one run, and the whole grid is one run")
    func aligned() {
        let cube = CuboidRange(
            lower: CuboidIndex(x: 32, y: 64, z: 96), upper: CuboidIndex(x: 63, y: 95, z: 127))
        #expect(runs(of: cube).count == 1)
        let end: UInt32 = (1 << 21) - 1
        let whole = CuboidRange(
            lower: CuboidIndex(x: 0, y: 0, z: 0), upper: CuboidIndex(x: end, y: end, z: end))
        #expect(runs(of: whole) == [0...UInt64.max >> 1])
    }

    /// Mean and largest numbers of runs over 40 random blocks of 12 bits an axis, measured with a
    /// prototype in another language; means of random blocks scatter, so they get 25 %.
    @Test(
        "blocks have the known numbers of runs",
        arguments: [
            (CuboidIndex(x: 2, y: 2, z: 2), 5.2, 8), (CuboidIndex(x: 4, y: 4, z: 4), 24.9, 43),
            (CuboidIndex(x: 8, y: 8, z: 8), 114, 196), (CuboidIndex(x: 16, y: 16, z: 16), 452, 840),
            (CuboidIndex(x: 16, y: 16, z: 1), 83, 96), (CuboidIndex(x: 1, y: 64, z: 64), 4096, 4096),
        ])
    func runCounts(size: CuboidIndex, mean: Double, largest: Int) {
        var random = SeededGenerator(seed: 0x52)
        var counts: [Int] = []
        for _ in 0..<40 {
            let lower = randomIndex(below: 4096 - 64, using: &random)
            let block = CuboidRange(
                lower: lower,
                upper: CuboidIndex(
                    x: lower.x + size.x - 1, y: lower.y + size.y - 1, z: lower.z + size.z - 1))
            var count = 0
            block.forEachMortonRun { _ in count += 1 }
            counts.append(count)
        }
        let found = Double(counts.reduce(0, +)) / 40
        #expect(abs(found - mean) <= 0.25 * mean, "mean \(found), seed \(random.seed)")
        #expect(counts.allSatisfy { $0 <= largest }, "largest \(counts.max() ?? 0), seed \(random.seed)")
    }

    @Test("an error thrown by the body ends the walk")
    func stops() {
        struct Stop: Error {}
        let block = CuboidRange(
            lower: CuboidIndex(x: 1, y: 1, z: 1), upper: CuboidIndex(x: 9, y: 9, z: 9))
        var count = 0
        #expect(throws: Stop.self) {
            try block.forEachMortonRun { (_) throws(Stop) in
                count += 1
                if count == 3 { throw Stop() }
            }
        }
        #expect(count == 3)
    }

    private func randomBlock(below limit: UInt32, using random: inout SeededGenerator) -> CuboidRange {
        let (a, b) = (randomIndex(below: limit, using: &random), randomIndex(below: limit, using: &random))
        return CuboidRange(
            lower: CuboidIndex(x: min(a.x, b.x), y: min(a.y, b.y), z: min(a.z, b.z)),
            upper: CuboidIndex(x: max(a.x, b.x), y: max(a.y, b.y), z: max(a.z, b.z)))
    }

    private func runs(of block: CuboidRange) -> [ClosedRange<UInt64>] {
        var runs: [ClosedRange<UInt64>] = []
        block.forEachMortonRun { runs.append($0) }
        return runs
    }

    private func expectedRuns(_ codes: [UInt64]) -> [ClosedRange<UInt64>] {
        var runs: [ClosedRange<UInt64>] = []
        for code in codes {
            if let last = runs.last, last.upperBound + 1 == code {
                runs[runs.count - 1] = last.lowerBound...code
            } else {
                runs.append(code...code)
            }
        }
        return runs
    }

    private func sortedCodes(of block: CuboidRange) throws -> [UInt64] {
        var codes: [UInt64] = []
        for z in block.lower.z...block.upper.z {
            for y in block.lower.y...block.upper.y {
                for x in block.lower.x...block.upper.x {
                    codes.append(try MortonCode(CuboidIndex(x: x, y: y, z: z)).rawValue)
                }
            }
        }
        return codes.sorted()
    }
}
