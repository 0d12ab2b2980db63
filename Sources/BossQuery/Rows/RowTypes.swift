import BossDatabase

/// What may be compared and mixed with what.
extension ColumnType {
    /// Types whose values compare with each other.
    enum Family: Hashable, Sendable {
        case number, text, boolean, bytes, time

        /// For messages: what was expected.
        var words: String {
            switch self {
            case .number: "a number"
            case .text: "a text"
            case .boolean: "a condition"
            case .bytes: "bytes"
            case .time: "a time"
            }
        }
    }

    var family: Family {
        switch self {
        case .int32, .int64, .uint32, .uint64, .float64: .number
        case .text, .json: .text
        case .boolean: .boolean
        case .bytes: .bytes
        case .timestamp: .time
        }
    }

    var isInteger: Bool { family == .number && self != .float64 }

    /// The type that holds the values of two others; nil where there is none.
    func common(with other: ColumnType) -> ColumnType? {
        if self == other { return self }
        guard family == other.family else { return nil }
        if family == .text { return .text }
        if self == .float64 || other == .float64 { return .float64 }
        let types: Set<ColumnType> = [self, other]
        // No integer type holds both IDs and negative numbers.
        if types.contains(.uint64) { return types.contains(.uint32) ? .uint64 : nil }
        return .int64
    }

    /// The type as CAST names it.
    var typeName: TypeName {
        switch self {
        case .boolean: .boolean
        case .int32: .int32
        case .int64: .int64
        case .uint32: .uint32
        case .uint64: .uint64
        case .float64: .float64
        case .text: .text
        case .json: .json
        case .bytes: .bytes
        case .timestamp: .timestamp
        }
    }
}

extension TypeName {
    /// The type of a column of such values.
    var columnType: ColumnType {
        switch self {
        case .boolean: .boolean
        case .int8, .int16, .int32: .int32
        case .int64: .int64
        case .uint8, .uint16, .uint32: .uint32
        case .uint64: .uint64
        case .float32, .float64: .float64
        case .text: .text
        case .bytes: .bytes
        case .json: .json
        case .timestamp: .timestamp
        }
    }

    /// What an integer type holds; nil for other types.
    var integerRange: ClosedRange<Int128>? {
        switch self {
        case .int8: Int128(Int8.min)...Int128(Int8.max)
        case .int16: Int128(Int16.min)...Int128(Int16.max)
        case .int32: Int128(Int32.min)...Int128(Int32.max)
        case .int64: Int128(Int64.min)...Int128(Int64.max)
        case .uint8: 0...Int128(UInt8.max)
        case .uint16: 0...Int128(UInt16.max)
        case .uint32: 0...Int128(UInt32.max)
        case .uint64: 0...Int128(UInt64.max)
        case .boolean, .float32, .float64, .text, .bytes, .json, .timestamp: nil
        }
    }
}
