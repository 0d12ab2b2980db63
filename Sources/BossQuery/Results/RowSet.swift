/// Rows with named, typed columns.
public struct RowSet: Hashable, Sendable {
    /// The columns, in order.
    public let columns: [Column]
    /// The rows; each has one value a column.
    public var rows: [[Value]]

    /// Rows under columns.
    public init(columns: [Column], rows: [[Value]] = []) {
        self.columns = columns
        self.rows = rows
    }
}

/// A column of a row set.
public struct Column: Hashable, Sendable {
    /// Its name, lower case.
    public let name: String
    /// The type of its values, any of which may be NULL.
    public let type: ColumnType

    /// A column.
    public init(_ name: String, _ type: ColumnType) {
        self.name = name
        self.type = type
    }
}

/// The scalar types of rows. The raw value is the word of the language.
public enum ColumnType: String, Hashable, Sendable {
    case boolean = "BOOLEAN"
    case int32 = "INT32"
    case int64 = "INT64"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case float64 = "FLOAT64"
    case text = "TEXT"
    case json = "JSON"
    case bytes = "BYTES"
    case timestamp = "TIMESTAMP"
}

/// One value of a row.
public enum Value: Hashable, Sendable {
    /// No value.
    case null
    case boolean(Bool)
    /// Any signed integer column.
    case integer(Int64)
    /// Any unsigned integer column; IDs are exact to 2^64 - 1.
    case unsigned(UInt64)
    case float(Double)
    /// TEXT and JSON columns.
    case text(String)
    case bytes([UInt8])
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(microseconds: Int64)
}
