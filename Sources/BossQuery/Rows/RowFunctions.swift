import BossDatabase
import Foundation
import GRDB
import Synchronization

/// The functions that SQLite does not have, or has in a way that would be wrong for IDs.
enum RowFunction: String, CaseIterable, Hashable, Sendable {
    case add, subtract, multiply, remainder, ratio, quotient, negate, absolute
    case least, greatest, clamp, compare
    /// CAST and CLAMP to a type.
    case convert, saturate
    case like, lower, upper, member, memberText
    case distance
    /// The value of a query of one row; what is refused is more than one.
    case only

    /// Its name in SQL.
    var sqlName: String { "boss_\(rawValue)" }
}

/// What a function refused inside SQLite, which hands on no more than a text.
final class RowFault: Sendable {
    private let first = Mutex<BossDatabase.DatabaseError?>(nil)

    /// The first error, if there is one.
    var error: BossDatabase.DatabaseError? { first.withLock { $0 } }

    /// Keeps an error.
    func record(_ error: BossDatabase.DatabaseError) {
        first.withLock { first in
            if first == nil { first = error }
        }
    }
}

extension RowFunction {
    /// The function for SQLite. Behind its arguments come the type of the result and the place in the statement.
    func databaseFunction(places: [NodePosition], fault: RowFault) -> DatabaseFunction {
        DatabaseFunction(sqlName, pure: true) { cells in
            guard cells.count >= 2, let type = Int.fromDatabaseValue(cells[cells.count - 2]),
                let place = Int.fromDatabaseValue(cells[cells.count - 1])
            else { return nil }
            do throws(BossDatabase.DatabaseError) {
                return try value(cells.dropLast(2), TypeName.allCases[type])
            } catch {
                fault.record(error.at(places[place]))
                throw error
            }
        }
    }

    private func value(
        _ cells: ArraySlice<DatabaseValue>, _ type: TypeName
    ) throws(BossDatabase.DatabaseError) -> DatabaseValue {
        switch self {
        case .add, .subtract, .multiply, .remainder, .ratio, .quotient, .negate, .absolute, .clamp, .compare,
            .distance:
            var numbers: [ConditionNumber] = []
            for cell in cells {
                guard let number = RowCell.number(cell) else { return .null }
                numbers.append(number)
            }
            return RowCell.cell(number: try number(numbers, type))
        case .least, .greatest:
            // NULL is passed over, as PostgreSQL does.
            let numbers = cells.compactMap { RowCell.number($0) }
            let isLeast = self == .least
            let chosen = numbers.dropFirst().reduce(numbers.first) { best, next in
                guard let best else { return next }
                return (next.ordered(against: best) < 0) == isLeast && next.ordered(against: best) != 0
                    ? next : best
            }
            return chosen.map(RowCell.cell(number:)) ?? .null
        case .convert, .saturate:
            return try RowConversion.convert(cells[cells.startIndex], type, isSaturating: self == .saturate)
        case .only:
            if let count = RowCell.number(cells[cells.startIndex]), count.double > 1 {
                throw BossDatabase.DatabaseError(
                    "21000", "a query that stands for a value returns more than one row",
                    hint: "choose one with LIMIT 1, or compare with IN (SELECT ...)")
            }
            return cells[cells.startIndex + 1]
        case .like, .lower, .upper, .member, .memberText:
            var texts: [String] = []
            for cell in cells {
                guard case .string(let text) = cell.storage else { return .null }
                texts.append(text)
            }
            return text(texts)
        }
    }

    private func number(
        _ numbers: [ConditionNumber], _ type: TypeName
    ) throws(BossDatabase.DatabaseError) -> ConditionNumber {
        switch self {
        case .negate: return try numbers[0].negated.converted(to: type)
        case .absolute:
            return try (numbers[0].double < 0 ? numbers[0].negated : numbers[0]).converted(to: type)
        case .compare: return .integer(Int128(numbers[0].ordered(against: numbers[1])))
        case .clamp:
            let low = numbers[0].ordered(against: numbers[1]) < 0 ? numbers[1] : numbers[0]
            return low.ordered(against: numbers[2]) > 0 ? numbers[2] : low
        case .distance:
            let squares = (0..<3).map { axis in
                let length = (numbers[axis + 3].double - numbers[axis].double) * numbers[axis + 6].double
                return length * length
            }
            return .float(squares.reduce(0, +).squareRoot())
        default: return try ConditionNumber.result(of: self, numbers[0], numbers[1], type)
        }
    }

    private func text(_ texts: [String]) -> DatabaseValue {
        switch self {
        case .like: (LikePattern(texts[1]).matches(texts[0]) ? 1 : 0).databaseValue
        case .lower: texts[0].lowercased().databaseValue
        case .upper: texts[0].uppercased().databaseValue
        default: JSONText.member(texts[1], of: texts[0], asText: self == .memberText)?.databaseValue ?? .null
        }
    }
}

/// SUM over integers, exact whatever their sign and size, or over decimals with the lost low parts added back.
///
/// Source of the latter: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
/// ZAMM 54, 1974.
struct RowSum: DatabaseAggregate {
    private var integers: Int128 = 0
    private var decimals = 0.0
    private var lost = 0.0
    private var hasDecimals = false
    private(set) var count = 0

    mutating func step(_ cells: [DatabaseValue]) {
        guard let number = RowCell.number(cells[0]) else { return }
        count += 1
        switch number {
        // 2^63 numbers below 2^64 fit 127 bits.
        case .integer(let value): integers &+= value
        case .float(let value):
            hasDecimals = true
            let sum = decimals + value
            if sum.isFinite {
                lost += abs(decimals) >= abs(value) ? decimals - sum + value : value - sum + decimals
            }
            decimals = sum
        }
    }

    var total: ConditionNumber {
        hasDecimals ? .float(decimals + (decimals.isFinite ? lost : 0)) : .integer(integers)
    }

    func finalize() -> (any DatabaseValueConvertible)? { count == 0 ? nil : RowCell.cell(number: total) }
}

/// AVG: the exact sum by the count.
struct RowAverage: DatabaseAggregate {
    private var sum = RowSum()

    mutating func step(_ cells: [DatabaseValue]) { sum.step(cells) }

    func finalize() -> (any DatabaseValueConvertible)? {
        sum.count == 0 ? nil : RowCell.cell(number: .float(sum.total.double / Double(sum.count)))
    }
}
