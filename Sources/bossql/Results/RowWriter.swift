import BossQuery

/// Writes row sets in one of the text formats. Cost: linear in the number of cells.
struct RowWriter {
    let options: FormatOptions

    /// Writes all rows, with a final newline.
    func write(_ rows: RowSet, to output: Output) throws(ShellError) {
        switch options.format {
        case .table, .ascii:
            let table = TableWriter(options: options, rows: rows)
            if table.fitsScreen { try table.write(to: output) } else { try writeRecords(rows, to: output) }
        case .markdown: try writeMarkdown(rows, to: output)
        case .csv: try writeCSV(rows, to: output)
        case .line: try writeLines(rows, to: output)
        case .json: try JSONWriter.writeArray(rows, to: output)
        case .jsonl: try JSONWriter.writeLines(rows, to: output)
        case .npy, .png: throw .wrongResult(format: options.format.rawValue, found: "rows")
        }
    }

    /// RFC 4180, lines end with CR LF.
    private func writeCSV(_ rows: RowSet, to output: Output) throws(ShellError) {
        func field(_ text: String) -> String {
            let mustQuote = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
            return mustQuote ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
        }
        if options.showsHeaders {
            try output.write(rows.columns.map { field($0.name) }.joined(separator: ",") + "\r\n")
        }
        for row in rows.rows {
            for (index, value) in row.enumerated() {
                if index > 0 { try output.write(byte: 0x2C) }
                switch value {
                case .null: try output.write(field(options.null ?? ""))
                // Quoted, so that an empty text is not read back as NULL.
                case .text(let text): try output.write(text.isEmpty ? "\"\"" : field(text))
                default: try output.write(CellText.plain(value))
                }
            }
            try output.write("\r\n")
        }
    }

    /// What a table too wide for the screen becomes: a heading and one `name = value` a line for each row.
    /// NULL is left out, since wide rows are full of it.
    private func writeRecords(_ rows: RowSet, to output: Output) throws(ShellError) {
        let labels = labels(rows.columns)
        let rule = options.isUTF8 ? "─" : "-"
        for (index, row) in rows.rows.enumerated() {
            let heading = "\(rule)\(rule) row \(index + 1) "
            let rest = max(0, min(60, options.screenWidth ?? 60) - heading.count)
            try output.write(heading + String(repeating: rule, count: rest) + "\n")
            for (label, value) in zip(labels, row) where value != .null {
                try output.write("\(label)\(CellText.shown(value, null: ""))\n")
            }
        }
        try output.write(TableWriter.rowCount(rows))
    }

    /// Column names to the right, each with ` = ` behind it.
    private func labels(_ columns: [Column]) -> [String] {
        let names = columns.map { DisplayWidth.printable($0.name) }
        let width = names.map { DisplayWidth.of($0) }.max() ?? 0
        return names.map { String(repeating: " ", count: width - DisplayWidth.of($0)) + $0 + " = " }
    }

    /// One `name = value` a line, an empty line between rows.
    private func writeLines(_ rows: RowSet, to output: Output) throws(ShellError) {
        let labels = labels(rows.columns)
        for (index, row) in rows.rows.enumerated() {
            if index > 0 { try output.write(byte: 0x0A) }
            for (label, value) in zip(labels, row) {
                try output.write(label)
                try output.write(CellText.shown(value, null: options.null ?? "NULL"))
                try output.write(byte: 0x0A)
            }
        }
    }

    /// A pipe table as GitHub reads it, numbers to the right.
    private func writeMarkdown(_ rows: RowSet, to output: Output) throws(ShellError) {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        let names = rows.columns.map { cell(DisplayWidth.printable($0.name)) }
        try output.write("| " + names.joined(separator: " | ") + " |\n")
        let rule = rows.columns.map { $0.type.isNumeric ? "---:" : "---" }
        try output.write("| " + rule.joined(separator: " | ") + " |\n")
        for row in rows.rows {
            try output.write("|")
            for value in row {
                try output.write(" " + cell(CellText.shown(value, null: options.null ?? "NULL")) + " |")
            }
            try output.write(byte: 0x0A)
        }
    }
}

extension ColumnType {
    /// Whether values are numbers, written to the right of their column.
    var isNumeric: Bool {
        switch self {
        case .int32, .int64, .uint32, .uint64, .float64: true
        case .boolean, .text, .json, .bytes, .timestamp: false
        }
    }
}
