import BossQuery

/// Rows as JSON objects, RFC 8259.
///
/// UINT64 is written as a string: IDs use all 64 bits, and many readers hold numbers as FLOAT64.
/// NaN and infinities, which JSON does not have, are null. JSON columns stand as the JSON they are.
enum JSONWriter {
    /// One array, one row a line.
    static func writeArray(_ rows: RowSet, to output: Output) throws(ShellError) {
        let keys = rows.columns.map { string($0.name) + ":" }
        try output.write("[")
        for (index, row) in rows.rows.enumerated() {
            try output.write(index == 0 ? "\n" : ",\n")
            try write(row, keys: keys, columns: rows.columns, to: output)
        }
        try output.write(rows.rows.isEmpty ? "]\n" : "\n]\n")
    }

    /// One object a line, without an array around them.
    static func writeLines(_ rows: RowSet, to output: Output) throws(ShellError) {
        let keys = rows.columns.map { string($0.name) + ":" }
        for row in rows.rows {
            try write(row, keys: keys, columns: rows.columns, to: output)
            try output.write(byte: 0x0A)
        }
    }

    private static func write(
        _ row: [Value], keys: [String], columns: [Column], to output: Output
    ) throws(ShellError) {
        try output.write(byte: 0x7B)
        for (index, value) in row.enumerated() where index < keys.count {
            if index > 0 { try output.write(byte: 0x2C) }
            try output.write(keys[index])
            try output.write(text(value, type: columns[index].type))
        }
        try output.write(byte: 0x7D)
    }

    /// A value as JSON on one line.
    static func text(_ value: Value, type: ColumnType) -> String {
        switch value {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): type == .uint64 ? "\"\(number)\"" : String(number)
        case .unsigned(let number): type == .uint32 ? String(number) : "\"\(number)\""
        case .float(let number): number.isFinite ? "\(number)" : "null"
        // A newline inside JSON stands between tokens only, so a space does as well.
        case .text(let text) where type == .json:
            text.replacing("\r", with: " ").replacing("\n", with: " ")
        case .text(let text): string(text)
        case .bytes, .timestamp: string(CellText.plain(value))
        }
    }

    /// A string with quotes and escapes.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
