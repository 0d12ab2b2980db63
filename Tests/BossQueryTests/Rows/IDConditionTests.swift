import BossDatabase
import BossTestSupport
import Testing

@testable import BossQuery

/// The oracle is a set over a few IDs at which everything that can go wrong goes wrong.
@Suite("Conditions on IDs")
struct IDConditionTests {
    private static let probes: [UInt64] =
        (0...6).map { $0 } + ((1 << 63) - 4...(1 << 63) + 4).map { $0 }
        + (UInt64.max - 5...UInt64.max).map { $0 }

    @Test("union, intersection and complement are those of sets")
    func sets() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            func ranges() -> [ClosedRange<UInt64>] {
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    let ends = (0..<2).map { _ in Self.probes.randomElement(using: &random) ?? 0 }.sorted()
                    return ends[0]...ends[1]
                }
            }
            let (first, second) = (ranges(), ranges())
            let (left, right) = (IDCondition(first), IDCondition(second))
            for id in Self.probes {
                let (isLeft, isRight) = (
                    first.contains { $0.contains(id) }, second.contains { $0.contains(id) }
                )
                #expect(left.contains(id) == isLeft, "seed \(seed), \(id)")
                #expect(left.union(right).contains(id) == (isLeft || isRight), "seed \(seed), \(id)")
                #expect(left.intersection(right).contains(id) == (isLeft && isRight), "seed \(seed), \(id)")
                #expect(left.complement.contains(id) == !isLeft, "seed \(seed), \(id)")
            }
            #expect(left.complement.complement == left, "seed \(seed)")
            for pair in zip(left.ranges, left.ranges.dropFirst()) {
                #expect(pair.1.lowerBound - pair.0.upperBound > 1, "seed \(seed): ranges touch")
            }
        }
    }

    @Test("a comparison with any number is exact")
    func comparisons() {
        let integers: [Int128] = [-1, 0, 1, 1 << 63, (1 << 63) - 1, (1 << 64) - 1, 1 << 64, -(1 << 70)]
        let numbers: [ConditionNumber] =
            integers.map { .integer($0) }
            + [
                -0.5, 0, 0.5, 3, 9_223_372_036_854_775_808, 1.8446744073709552e19, 1e30, -.infinity,
                .infinity,
            ]
            .map { .float($0) }
        let tests: [(BinaryOperator, (Int) -> Bool)] = [
            (.less, { $0 < 0 }), (.lessOrEqual, { $0 <= 0 }), (.equal, { $0 == 0 }), (.notEqual, { $0 != 0 }),
            (.greaterOrEqual, { $0 >= 0 }), (.greater, { $0 > 0 }),
        ]
        for number in numbers {
            for (symbol, holds) in tests {
                let condition = IDCondition(number, symbol)
                for id in Self.probes {
                    let order =
                        switch number {
                        case .integer(let value): Int128(id) < value ? -1 : Int128(id) == value ? 0 : 1
                        // Decimals of this test that are integers are exact.
                        case .float(let value) where abs(value) > 1e25: value < 0 ? 1 : -1
                        case .float(let value):
                            Int128(id) * 2 < Int128(value * 2)
                                ? -1 : Int128(id) * 2 == Int128(value * 2) ? 0 : 1
                        }
                    #expect(condition.contains(id) == holds(order), "\(id) \(symbol.rawValue) \(number)")
                }
            }
        }
    }

    @Test("few members are listed, many are not")
    func members() {
        #expect(IDCondition([3...4, UInt64.max...UInt64.max]).members(limit: 3) == [3, 4, .max])
        #expect(IDCondition([3...4, UInt64.max...UInt64.max]).members(limit: 2) == nil)
        #expect(IDCondition.all.members(limit: 1000) == nil)
        #expect(IDCondition.none.members(limit: 1) == [])
        #expect(IDCondition([1...1, 5...9]).description == "1, 5 to 9")
    }
}
