import BossQuery

/// A table with box drawing characters (or `+-|` without UTF-8) and the row count below.
struct TableWriter {
    private struct Frame {
        let horizontal, vertical: String
        /// Left, middle and right of the top, the rule under the header, and the bottom.
        let top, middle, bottom: (String, String, String)
    }

    private static let box = Frame(
        horizontal: "─", vertical: "│", top: ("┌", "┬", "┐"), middle: ("├", "┼", "┤"), bottom: ("└", "┴", "┘")
    )
    private static let ascii = Frame(
        horizontal: "-", vertical: "|", top: ("+", "+", "+"), middle: ("+", "+", "+"), bottom: ("+", "+", "+")
    )

    private let options: FormatOptions
    private let rows: RowSet
    private let frame: Frame
    private let names: [String]
    private let widths: [Int]

    /// Text is cut to no less than this to make a table fit the screen.
    private static let leastTextWidth = 16

    /// Whether its lines are no longer than the screen is wide.
    var fitsScreen: Bool { options.screenWidth.map { Self.lineWidth(widths) <= $0 } ?? true }

    /// Measures every cell, and narrows text where the screen asks for it.
    init(options: FormatOptions, rows: RowSet) {
        self.options = options
        self.rows = rows
        frame = options.isUTF8 ? Self.box : Self.ascii
        names = rows.columns.map {
            DisplayWidth.truncated(
                DisplayWidth.printable($0.name), to: options.maximumWidth, isUTF8: options.isUTF8)
        }
        var widths = names.map { options.showsHeaders ? DisplayWidth.of($0) : 0 }
        for row in rows.rows {
            for (index, value) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], Self.width(of: value, options: options))
            }
        }
        self.widths = Self.fitting(widths, columns: rows.columns, options: options)
    }

    /// Two blanks and a line for each cell, and one line more.
    private static func lineWidth(_ widths: [Int]) -> Int { widths.reduce(1) { $0 + $1 + 3 } }

    /// Takes the excess from the widest columns of text; numbers are never cut.
    private static func fitting(_ widths: [Int], columns: [Column], options: FormatOptions) -> [Int] {
        guard let screenWidth = options.screenWidth else { return widths }
        var widths = widths
        var excess = lineWidth(widths) - screenWidth
        let texts = widths.indices.filter { !columns[$0].type.isNumeric }
        while excess > 0, let widest = texts.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > leastTextWidth
        {
            let second = texts.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
            let least = max(leastTextWidth, min(second, widths[widest] - 1))
            let cut = min(excess, widths[widest] - least)
            widths[widest] -= cut
            excess -= cut
        }
        return widths
    }

    func write(to output: Output) throws(ShellError) {
        if !rows.columns.isEmpty {
            try output.write(rule(frame.top))
            if options.showsHeaders {
                try writeHeader(to: output)
                try output.write(rule(frame.middle))
            }
            for row in rows.rows { try write(row, to: output) }
            try output.write(rule(frame.bottom))
        }
        try output.write(Self.rowCount(rows))
    }

    /// `(1 row)`, `(12 rows)`.
    static func rowCount(_ rows: RowSet) -> String {
        rows.rows.count == 1 ? "(1 row)\n" : "(\(rows.rows.count) rows)\n"
    }

    private static func width(of value: Value, options: FormatOptions) -> Int {
        let width: Int
        switch value {
        case .unsigned(let number): width = digitCount(number)
        case .integer(let number): width = digitCount(number.magnitude) + (number < 0 ? 1 : 0)
        default: width = DisplayWidth.of(CellText.shown(value, null: options.null ?? "NULL"))
        }
        return options.maximumWidth > 0 ? min(width, options.maximumWidth) : width
    }

    private static func digitCount(_ number: UInt64) -> Int {
        var count = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    private func rule(_ corners: (String, String, String)) -> String {
        let lines = widths.map { String(repeating: frame.horizontal, count: $0 + 2) }
        return corners.0 + lines.joined(separator: corners.1) + corners.2 + "\n"
    }

    private func writeHeader(to output: Output) throws(ShellError) {
        for (index, name) in names.enumerated() {
            let isRight = rows.columns[index].type.isNumeric
            let text = DisplayWidth.truncated(name, to: widths[index], isUTF8: options.isUTF8)
            try writeCell(text, column: index, alignsRight: isRight, to: output)
        }
        try output.write(frame.vertical + "\n")
    }

    private func write(_ row: [Value], to output: Output) throws(ShellError) {
        for (index, value) in row.enumerated() where index < widths.count {
            let text = DisplayWidth.truncated(
                CellText.shown(value, null: options.null ?? "NULL"), to: widths[index],
                isUTF8: options.isUTF8)
            try writeCell(text, column: index, alignsRight: rows.columns[index].type.isNumeric, to: output)
        }
        try output.write(frame.vertical + "\n")
    }

    private func writeCell(
        _ text: String, column: Int, alignsRight: Bool, to output: Output
    ) throws(ShellError) {
        let padding = String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(text)))
        try output.write(frame.vertical)
        try output.write(alignsRight ? " \(padding)\(text) " : " \(text)\(padding) ")
    }
}
