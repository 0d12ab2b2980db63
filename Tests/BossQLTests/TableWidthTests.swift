import BossDatabase
import BossQuery
import Testing

@testable import bossql

@Suite("Tables on a narrow screen")
struct TableWidthTests {
    private func text(_ rows: RowSet, screenWidth: Int?) throws -> String {
        let output = Output.memory()
        var options = FormatOptions()
        options.screenWidth = screenWidth
        try RowWriter(options: options).write(rows, to: output)
        return output.text
    }

    private func widest(_ text: String) -> Int {
        text.split(separator: "\n").map { DisplayWidth.of($0) }.max() ?? 0
    }

    private let rows = RowSet(
        columns: [Column("id", .uint64), Column("note", .text), Column("file", .text)],
        rows: [[.unsigned(.max), .text(String(repeating: "long ", count: 20)), .text("short")]])

    @Test("text that would turn the direction of writing is shown as what it is, other text as it is")
    func directions() {
        #expect(DisplayWidth.printable("a\u{202E}b\u{2066}c\u{200F}") == "a\\u{202E}b\\u{2066}c\\u{200F}")
        #expect(DisplayWidth.printable("\u{1B}[2J\u{7}\n") == "\\x1B[2J\\x07\\n")
        for text in ["é", "שלום", "👩‍🔬", "e\u{301}"] { #expect(DisplayWidth.printable(text) == text) }
        let error = DatabaseError("22023", "no \u{202E}gnp.txt", hint: "\u{2067}")
        #expect(
            ErrorReport.text(error, statement: nil)
                == "ERROR 22023: no \\u{202E}gnp.txt\nHINT: \\u{2067}\n")
    }

    @Test("a table that fits is drawn as it is, one column less cuts its widest text")
    func cut() throws {
        let full = try text(rows, screenWidth: nil)
        let width = widest(full)
        #expect(try text(rows, screenWidth: width) == full)
        let cut = try text(rows, screenWidth: width - 1)
        #expect(widest(cut) == width - 1)
        #expect(cut.contains("…") && cut.contains("18446744073709551615") && cut.contains("short"))
        #expect(widest(try text(rows, screenWidth: 60)) == 60)
    }

    @Test("where even cut text does not help, each row is a list, without its NULLs")
    func records() throws {
        var rows = rows
        rows.rows.append([.null, .text("x"), .null])
        let list = try text(rows, screenWidth: 40)
        #expect(
            list == """
                ── row 1 ───────────────────────────────
                  id = 18446744073709551615
                note = \(String(repeating: "long ", count: 20))
                file = short
                ── row 2 ───────────────────────────────
                note = x
                (2 rows)

                """)
    }

    @Test(
        "numbers for people have at most 7 significant digits",
        arguments: [
            (44.61177355282364, "44.61177"), (0, "0"), (-0.0, "0"), (1, "1"), (-2.5, "-2.5"),
            (317_151_210, "317151210"), (317_151_210.25, "317151210"), (1.419, "1.419"), (0.1 + 0.2, "0.3"),
            (0.000123456789, "0.0001234568"), (1.5e-7, "1.5e-07"), (-9.99999999e-9, "-1e-08"),
            (1e15, "1e+15"), (1.23456789e20, "1.234568e+20"), (999_999.96, "1000000"),
            (.infinity, "inf"), (.nan, "nan"), (.leastNonzeroMagnitude, "5e-324"),
        ] as [(Double, String)])
    func shortened(_ number: Double, _ expected: String) {
        #expect(CellText.shown(.float(number), null: "") == expected)
        #expect(CellText.plain(.float(number)) == "\(number)")
    }

    @Test("the prompt of a continued line shows the quote that is still open")
    func openQuote() {
        var scanner = ScriptScanner()
        for (line, mark) in [
            ("CREATE COLLECTION x", nil), ("DESCRIPTION 'abc", "'"), ("it''s", "'"), ("' --", nil),
        ]
            as [(String, Character?)]
        {
            _ = scanner.feed(line)
            #expect(scanner.openMark == mark, "\(line)")
        }
        let prompt = InteractiveShell.prompt(isContinuing: true, isInTransaction: false, openMark: "'")
        #expect(prompt == "  '...> ")
    }
}
