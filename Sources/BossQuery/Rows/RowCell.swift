import BossDatabase
import Foundation
import GRDB

/// How values of rows are held in SQLite, so that its own order and equality are those of the language.
///
/// | value | held as | ordered |
/// | --- | --- | --- |
/// | integers below 2^63, times, conditions as 0 and 1 | INTEGER | by value |
/// | integers from 2^63 on | BLOB of 8 bytes, the most significant first | after every INTEGER, by value |
/// | FLOAT64 | REAL | by value |
/// | NaN | BLOB of 9 bytes, all 0xFF | after every number, equal to itself |
/// | sums on their way to a check | BLOB of 16 bytes | never compared |
///
/// IDs and decimals are the one pair that this does not order; they are compared by a function.
enum RowCell {
    private static let notANumber = Data(repeating: 0xFF, count: 9)

    /// A value as it is stored.
    ///
    /// - Throws: 22021 for a text with a NUL in it, which SQLite would cut.
    static func cell(_ value: Value) throws(BossDatabase.DatabaseError) -> DatabaseValue {
        switch value {
        case .null: return .null
        case .boolean(let value): return (value ? 1 : 0).databaseValue
        case .integer(let value), .timestamp(let value): return value.databaseValue
        case .unsigned(let value): return cell(number: .integer(Int128(value)))
        case .float(let value): return cell(number: .float(value))
        case .bytes(let bytes): return Data(bytes).databaseValue
        case .text(let text):
            guard !text.utf8.contains(0) else {
                throw BossDatabase.DatabaseError("22021", "a text of a row query has a NUL character in it")
            }
            return text.databaseValue
        }
    }

    static func cell(number: ConditionNumber) -> DatabaseValue {
        switch number {
        case .float(let value): return value.isNaN ? notANumber.databaseValue : value.databaseValue
        case .integer(let value):
            if let small = Int64(exactly: value) { return small.databaseValue }
            if let large = UInt64(exactly: value) {
                return withUnsafeBytes(of: large.bigEndian) { Data($0) }.databaseValue
            }
            return withUnsafeBytes(of: value.bigEndian) { Data($0) }.databaseValue
        }
    }

    /// The number in a cell of a numeric expression; nil for NULL.
    static func number(_ cell: DatabaseValue) -> ConditionNumber? {
        switch cell.storage {
        case .int64(let value): .integer(Int128(value))
        case .double(let value): .float(value)
        case .blob(let data) where data.count == 9: .float(.nan)
        case .blob(let data): .integer(data.reduce(Int128(0)) { $0 << 8 | Int128($1) })
        case .null, .string: nil
        }
    }

    /// A cell of a column of a known type as a value.
    static func value(_ cell: DatabaseValue, _ type: ColumnType) -> Value {
        if case .null = cell.storage { return .null }
        switch (type.family, cell.storage) {
        case (.number, _): return value(number(cell), type)
        case (.text, .string(let text)): return .text(text)
        case (.boolean, .int64(let value)): return .boolean(value != 0)
        case (.time, .int64(let value)): return .timestamp(microseconds: value)
        case (.bytes, .blob(let data)): return .bytes(Array(data))
        default: return .null
        }
    }

    private static func value(_ number: ConditionNumber?, _ type: ColumnType) -> Value {
        guard let number else { return .null }
        switch (type, number) {
        case (.float64, _): return .float(number.double)
        case (.uint32, .integer(let value)), (.uint64, .integer(let value)):
            return .unsigned(UInt64(truncatingIfNeeded: value))
        case (_, .integer(let value)): return .integer(Int64(truncatingIfNeeded: value))
        case (_, .float(let value)): return .float(value)
        }
    }
}
