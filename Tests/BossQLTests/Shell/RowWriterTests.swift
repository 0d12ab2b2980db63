import BossQuery
import Testing

@testable import bossql

@Suite("Row writer")
struct RowWriterTests {
    private static let rows = RowSet(
        columns: [
            Column("id", .uint64), Column("name", .text), Column("mean", .float64), Column("ok", .boolean),
            Column("info", .json),
        ],
        rows: [
            [.unsigned(.max), .text("größe"), .float(0.5), .boolean(true), .text("{\"a\":\n1}")],
            [.unsigned(7), .text("細胞, \"x\""), .float(.nan), .null, .null],
        ])

    private func text(_ rows: RowSet, _ options: FormatOptions) throws -> String {
        let output = Output.memory()
        try RowWriter(options: options).write(rows, to: output)
        return output.text
    }

    @Test("draws tables as wide as the text looks, numbers to the right")
    func table() throws {
        var rows = Self.rows
        rows = RowSet(columns: Array(rows.columns.prefix(2)), rows: rows.rows.map { Array($0.prefix(2)) })
        #expect(
            try text(rows, FormatOptions()) == """
                ┌──────────────────────┬───────────┐
                │                   id │ name      │
                ├──────────────────────┼───────────┤
                │ 18446744073709551615 │ größe     │
                │                    7 │ 細胞, "x" │
                └──────────────────────┴───────────┘
                (2 rows)

                """)
    }

    @Test("draws tables with ASCII, without headers, cut to a width")
    func plainTable() throws {
        let rows = RowSet(columns: [Column("name", .text)], rows: [[.text("a long text")], [.null]])
        let options = FormatOptions(showsHeaders: false, null: "-", maximumWidth: 6, isUTF8: false)
        #expect(try text(rows, options) == "+--------+\n| a lon~ |\n| -      |\n+--------+\n(2 rows)\n")
        #expect(try text(RowSet(columns: [Column("a", .text)]), options).hasSuffix("(0 rows)\n"))
        #expect(try text(RowSet(columns: []), FormatOptions()) == "(0 rows)\n")
    }

    @Test("writes CSV as RFC 4180 has it, and NULL apart from an empty text")
    func csv() throws {
        let options = FormatOptions(format: .csv)
        #expect(
            try text(Self.rows, options)
                == "id,name,mean,ok,info\r\n18446744073709551615,größe,0.5,true,\"{\"\"a\"\":\n1}\"\r\n"
                + "7,\"細胞, \"\"x\"\"\",nan,,\r\n")
        let empty = RowSet(columns: [Column("a", .text), Column("b", .text)], rows: [[.text(""), .null]])
        #expect(try text(empty, options) == "a,b\r\n\"\",\r\n")
    }

    @Test("writes JSON with UINT64 as strings and without NaN")
    func json() throws {
        let first =
            "{\"id\":\"18446744073709551615\",\"name\":\"größe\",\"mean\":0.5,\"ok\":true,\"info\":{\"a\": 1}}"
        let second = "{\"id\":\"7\",\"name\":\"細胞, \\\"x\\\"\",\"mean\":null,\"ok\":null,\"info\":null}"
        #expect(try text(Self.rows, FormatOptions(format: .json)) == "[\n\(first),\n\(second)\n]\n")
        #expect(try text(Self.rows, FormatOptions(format: .jsonl)) == "\(first)\n\(second)\n")
        #expect(try text(RowSet(columns: []), FormatOptions(format: .json)) == "[]\n")
        #expect(JSONWriter.string("a\u{1}\n\u{7F}") == "\"a\\u0001\\n\u{7F}\"")
        #expect(JSONWriter.text(.unsigned(5), type: .uint32) == "5")
    }

    @Test("writes lines and Markdown")
    func linesAndMarkdown() throws {
        let rows = RowSet(
            columns: [Column("id", .int64), Column("a", .text)],
            rows: [[.integer(-1), .text("x|y")], [.integer(2), .null]])
        #expect(try text(rows, FormatOptions(format: .line)) == "id = -1\n a = x|y\n\nid = 2\n a = NULL\n")
        #expect(
            try text(rows, FormatOptions(format: .markdown))
                == "| id | a |\n| ---: | --- |\n| -1 | x\\|y |\n| 2 | NULL |\n")
    }

    @Test("keeps stored text from steering the terminal")
    func controlCharacters() throws {
        let rows = RowSet(columns: [Column("a", .text)], rows: [[.text("a\u{1B}[2Jb\nc")]])
        for format in [OutputFormat.table, .line, .markdown] {
            let written = try text(rows, FormatOptions(format: format))
            #expect(!written.contains("\u{1B}"))
            #expect(written.contains("a\\x1B[2Jb\\nc"))
        }
    }

    @Test("refuses rows where a volume is expected")
    func refusal() {
        #expect(throws: ShellError.self) { try text(Self.rows, FormatOptions(format: .npy)) }
    }

    @Test("writes times, bytes and quantities for people")
    func cells() {
        #expect(CellText.timestamp(0) == "1970-01-01T00:00:00Z")
        #expect(CellText.timestamp(1_772_366_400_123_456) == "2026-03-01T12:00:00.123456Z")
        #expect(CellText.timestamp(-1) == "1969-12-31T23:59:59.999999Z")
        #expect(CellText.timestamp(951_782_400_000_000) == "2000-02-29T00:00:00Z")
        #expect(CellText.timestamp(.min).hasSuffix("Z"))
        #expect(CellText.shown(.bytes([0x0A, 0xFF]), null: "") == "X'0aff'")
        #expect(Quantities.bytes(1023) == "1023 B")
        #expect(Quantities.bytes(4 << 20) == "4.0 MiB")
        #expect(Quantities.bytes((1 << 20) - 1) == "1.0 MiB")
        #expect(Quantities.time(milliseconds: 12.34) == "12.3 ms")
        #expect(Quantities.time(milliseconds: 0.416) == "0.42 ms")
        #expect(Quantities.time(milliseconds: 123_400) == "2 min 03 s")
        #expect(DisplayWidth.of("e\u{301}細") == 3)
    }
}
