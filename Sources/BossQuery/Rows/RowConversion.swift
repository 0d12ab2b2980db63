import BossDatabase
import GRDB

/// CAST of rows: numbers, texts, conditions and times into each other.
enum RowConversion {
    /// A cell in another type.
    ///
    /// - Throws: 22003 where it does not fit, 22P02 for a text that is no such value, 22007 for one that is no time.
    static func convert(
        _ cell: DatabaseValue, _ type: TypeName, isSaturating: Bool
    ) throws(BossDatabase.DatabaseError) -> DatabaseValue {
        if cell.isNull { return .null }
        switch type {
        case .text: return text(cell).databaseValue
        case .boolean:
            guard case .string(let text) = cell.storage else {
                return (RowCell.number(cell).map { $0.double != 0 } ?? false ? 1 : 0).databaseValue
            }
            switch text.lowercased() {
            case "true": return 1.databaseValue
            case "false": return 0.databaseValue
            default: throw invalid(text, type)
            }
        case .json:
            guard case .string(let text) = cell.storage, JSONText.isValid(text) else {
                throw invalid(text(cell), type)
            }
            return cell
        case .timestamp:
            guard case .string(let text) = cell.storage else { return cell }
            guard let microseconds = TimeText.microseconds(text) else {
                throw BossDatabase.DatabaseError(
                    "22007", "'\(text)' is not a time", hint: TimeText.hint)
            }
            return microseconds.databaseValue
        case .bytes: return cell
        default:
            let number = try number(cell, type)
            return RowCell.cell(
                number: try isSaturating ? number.saturated(to: type) : number.converted(to: type))
        }
    }

    private static func number(
        _ cell: DatabaseValue, _ type: TypeName
    ) throws(BossDatabase.DatabaseError) -> ConditionNumber {
        if let number = RowCell.number(cell) { return number }
        guard case .string(let text) = cell.storage else { return .integer(0) }
        if let value = Int128(text) { return .integer(value) }
        if let value = Double(text), !text.isEmpty { return .float(value) }
        throw invalid(text, type)
    }

    private static func text(_ cell: DatabaseValue) -> String {
        if case .string(let text) = cell.storage { return text }
        return RowCell.number(cell)?.description ?? ""
    }

    private static func invalid(_ text: String, _ type: TypeName) -> BossDatabase.DatabaseError {
        BossDatabase.DatabaseError("22P02", "'\(text)' is no \(type.rawValue)")
    }
}
