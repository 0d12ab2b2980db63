import BossDatabase
import Testing

@testable import bossql

@Suite("Terminal")
struct TerminalTests {
    private func capabilities(_ environment: [String: String], isTerminal: Bool = true)
        -> TerminalCapabilities
    {
        TerminalCapabilities(environment: { environment[$0] }, isTerminal: isTerminal, size: (100, 30))
    }

    @Test("has the colours that TERM and COLORTERM promise, and none in a pipe or with NO_COLOR")
    func colors() {
        #expect(capabilities(["TERM": "xterm-256color", "COLORTERM": "truecolor"]).colors == .trueColor)
        #expect(capabilities(["TERM": "tmux-256color"]).colors == .palette256)
        #expect(capabilities(["TERM": "dumb", "COLORTERM": "truecolor"]).colors == .none)
        #expect(capabilities(["TERM": "vt100"]).colors == .none)
        #expect(capabilities([:]).colors == .none)
        #expect(capabilities(["TERM": "xterm", "NO_COLOR": "1"]).colors == .none)
        #expect(capabilities(["TERM": "xterm", "NO_COLOR": ""]).colors == .palette256)
        #expect(capabilities(["TERM": "xterm"], isTerminal: false).colors == .none)
    }

    @Test("is UTF-8 as the first locale variable that is set says")
    func locale() {
        #expect(capabilities(["LANG": "de_DE.UTF-8"]).isUTF8)
        #expect(capabilities(["LANG": "C.utf8", "LC_ALL": ""]).isUTF8)
        #expect(!capabilities(["LANG": "de_DE.UTF-8", "LC_ALL": "C"]).isUTF8)
        #expect(!capabilities([:]).isUTF8)
    }

    @Test("shows progress after half a second, ten times a second, and removes it")
    func progress() throws {
        var bar = ProgressBar(columns: 100, nowSeconds: 10)
        let half = Progress(
            title: "import lab/mri/t1", completedByteCount: 50_000_000, totalByteCount: 100_000_000)
        #expect(bar.update(half, nowSeconds: 10.49) == nil)
        #expect(bar.erase() == nil, "nothing was drawn")
        let drawn = bar.update(half, nowSeconds: 10.5)
        let line = try #require(drawn)
        #expect(
            line.hasPrefix("\r") && line.contains("50 %") && line.contains("100 MB/s")
                && line.contains("1 s left"))
        #expect(bar.update(half, nowSeconds: 10.55) == nil)
        #expect(bar.update(half, nowSeconds: 10.61) != nil)
        #expect(bar.erase() == "\r\u{1B}[K")
        #expect(bar.erase() == nil)
    }

    @Test("keeps progress within the terminal", arguments: [1, 10, 20, 40, 80, 200])
    func progressWidth(columns: Int) throws {
        let bar = ProgressBar(columns: columns, nowSeconds: 0)
        for (done, total) in [(0, 10), (5, 10), (20, 10), (5, 0), (-1, 10), (1 << 60, nil)] as [(Int, Int?)] {
            let progress = Progress(
                title: "import collection/experiment/a-very-long-channel-name", completedByteCount: done,
                totalByteCount: total)
            var fresh = bar
            let drawn = fresh.update(progress, nowSeconds: 5)
            let line = try #require(drawn)
            #expect(
                DisplayWidth.of(line) - "\r\u{1B}[K".unicodeScalars.count <= max(1, columns - 1), "\(line)")
        }
    }

    @Test("marks the place of an error under the right column")
    func errorReport() {
        let statement = "SELECT CUTOUT\nFORM 細胞/em X 0:5;"
        let error = DatabaseError(
            "42601", "expected FROM", hint: "did you mean FROM?",
            position: SourcePosition(utf8Offset: 14, line: 2, column: 1, length: 4))
        #expect(
            ErrorReport.text(error, statement: statement, place: "a.bql, line 3")
                == "ERROR 42601: expected FROM\n  FORM 細胞/em X 0:5;\n  ^~~~\n  in a.bql, line 3\n"
                + "HINT: did you mean FROM?\n")
        let wide = DatabaseError(
            "42601", "no", position: SourcePosition(utf8Offset: 26, line: 2, column: 9, length: 2))
        #expect(
            ErrorReport.text(wide, statement: statement)
                == "ERROR 42601: no\n  FORM 細胞/em X 0:5;\n            ^~\n")
    }

    @Test("shows an error at any offset", arguments: [-5, 0, 13, 16, 17, 38, 1000, Int.max])
    func anyOffset(offset: Int) {
        let error = DatabaseError(
            "42601", "no", position: SourcePosition(utf8Offset: offset, line: 1, column: 1, length: Int.max))
        #expect(ErrorReport.text(error, statement: "SELECT CUTOUT\nFORM 細胞/em X 0:5;\n").contains("^"))
        #expect(ErrorReport.text(error, statement: "").contains("^"))
        let long = String(repeating: "x", count: 5000)
        #expect(ErrorReport.text(error, statement: long).utf8.count < 400)
    }

    @Test("finds the history file")
    func history() {
        func path(_ environment: [String: String], existing: Set<String> = []) -> String? {
            LineEditor.historyPath(environment: { environment[$0] }, exists: { existing.contains($0) })
        }
        #expect(path(["HOME": "/h"]) == "/h/.bossql_history")
        #expect(path(["HOME": "/h", "BOSSQL_HISTORY": "/x"]) == "/x")
        #expect(path(["HOME": "/h", "BOSSQL_HISTORY": ""]) == nil)
        #expect(path(["HOME": "/h", "XDG_STATE_HOME": "/s"], existing: ["/s"]) == "/s/bossql_history")
        #expect(
            path(["HOME": "/h", "XDG_STATE_HOME": "/s"], existing: ["/s", "/h/.bossql_history"])
                == "/h/.bossql_history")
        #expect(path([:]) == nil)
    }
}

@Suite("Completion")
struct CompletionTests {
    private let completer = Completer(
        keywords: ["SELECT", "SET", "FROM", "FRAME", "WHERE", "IDS"], settings: ["max_result_bytes"],
        resources: { text in
            ResourcePath.completions(text) { path in
                switch path.count {
                case 0: ["lab", "my lab"]
                case 1: ["mouse1"]
                default: ["em", "seg"]
                }
            }
        }, files: { ["file:" + $0] })

    private func complete(_ before: String, _ word: String, isQuoted: Bool = false) -> [String] {
        completer.candidates(CompletionContext(before: before, word: word, isQuoted: isQuoted))
    }

    @Test("offers keywords in the case that is typed")
    func keywords() {
        #expect(complete("", "sel") == ["select"])
        #expect(complete("SELECT CUTOUT ", "FR") == ["FROM", "FRAME"])
        #expect(complete("FIND IDS IN lab/mouse1/seg ", "wh") == ["where"])
    }

    @Test("offers paths where a path may stand, level by level")
    func paths() {
        #expect(complete("SELECT CUTOUT FROM ", "") == ["lab/", "\"my lab\"/"])
        #expect(complete("SELECT CUTOUT FROM ", "lab/") == ["lab/mouse1/"])
        #expect(complete("SELECT * FROM IDS(", "lab/mouse1/s") == ["lab/mouse1/seg"])
        #expect(complete("SELECT CUTOUT\nFROM ", "la") == ["lab/"])
        #expect(complete("USE ", "lab/mouse1/em/x") == [])
    }

    @Test("offers the snapshots of a path and main behind its @")
    func versions() {
        func complete(_ text: String) -> [String]? {
            ResourcePath.versions(text) { $0.count == 3 ? ["release1", "release2"] : ["old", "release1"] }
        }
        #expect(complete("lab/mouse1/seg@re") == ["lab/mouse1/seg@release1", "lab/mouse1/seg@release2"])
        #expect(complete("seg@") == ["seg@old", "seg@release1", "seg@main"])
        #expect(complete("lab/mouse1@m") == ["lab/mouse1@main"])
        #expect(complete("lab/mouse1/seg") == nil)
        #expect(complete("lab@x/mouse") == nil)
    }

    @Test("offers dot commands, their arguments, settings and files")
    func commands() {
        #expect(complete("", ".mo") == [".mode"])
        #expect(complete(".mode ", "js") == ["json", "jsonl"])
        #expect(complete(".timer ", "o") == ["on", "off"])
        #expect(complete(".read ", "se") == ["file:se"])
        #expect(complete(".param set 1 ", "@b") == ["@file:b"])
        #expect(complete(".schema ", "lab/m") == ["lab/mouse1/"])
        #expect(complete("SET ", "max") == ["max_result_bytes"])
        #expect(complete("IMPORT INTO lab/m/e FROM '", "sl", isQuoted: true) == ["file:sl"])
    }
}
