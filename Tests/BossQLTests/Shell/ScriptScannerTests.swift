import BossTestSupport
import Testing

@testable import bossql

@Suite("Script scanner")
struct ScriptScannerTests {
    private func texts(_ script: String) -> [String] {
        var scanner = ScriptScanner()
        var found: [ScannedStatement] = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            found += scanner.feed(line)
        }
        if let rest = scanner.finish() { found.append(rest) }
        return found.map(\.text)
    }

    @Test("cuts at semicolons outside of literals and comments")
    func cuts() {
        #expect(texts("A; B;\nC") == ["A;", "B;", "C"])
        #expect(texts("SET x = 'a;b'; Y;") == ["SET x = 'a;b';", "Y;"])
        #expect(texts("SET x = 'it''s;'; Y;") == ["SET x = 'it''s;';", "Y;"])
        #expect(texts("DROP \"a;b\"; Y;") == ["DROP \"a;b\";", "Y;"])
        #expect(texts("A -- not; here\n; B;") == ["A -- not; here\n;", "B;"])
        #expect(texts("A /* not; here\nnor; here */ ; B;") == ["A /* not; here\nnor; here */ ;", "B;"])
        #expect(texts("A /*/ ; */ ; B") == ["A /*/ ; */ ;", "B"])
    }

    @Test("gives nothing for blanks, comments and lone semicolons")
    func nothing() {
        #expect(texts("") == [])
        #expect(texts(" \n\t;;\n-- note\n/* note */\n").isEmpty)
        var scanner = ScriptScanner()
        #expect(scanner.feed("-- only a comment").isEmpty)
        #expect(!scanner.isContinuing)
        #expect(scanner.feed("/* begun").isEmpty)
        #expect(scanner.isContinuing)
    }

    @Test("takes two hyphens inside a path for a part of the name")
    func hyphensInPaths() {
        #expect(texts("DROP CHANNEL lab/a--b; X;") == ["DROP CHANNEL lab/a--b;", "X;"])
        #expect(texts("SELECT 1 --; X;\n; Y;") == ["SELECT 1 --; X;\n;", "Y;"])
    }

    @Test("knows the line a statement begins on and its highest parameter")
    func linesAndParameters() {
        var scanner = ScriptScanner()
        #expect(scanner.feed("").isEmpty)
        #expect(scanner.feed("FIND IDS IN a/b/c X $2:$11").isEmpty)
        let found = scanner.feed("  Y 0:'$99'; B $1;")
        #expect(found.map(\.line) == [2, 3])
        #expect(found.map(\.highestParameter) == [11, 1])
    }

    /// Joining statements with the blanks between them gives the script back, whatever the bytes.
    @Test("loses nothing but blanks, semicolons and comments between statements")
    func losesNothing() {
        var random = SeededGenerator(seed: 0x5CA2)
        let pieces = [
            "a", "'x;y'", "\"q;r\"", " ", "-", "/", "*", ";", "$1", "\n", "é", "'", "--", "/*", "*/",
        ]
        for _ in 0..<2000 {
            let script = (0..<12).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            let joined = texts(script).joined()
            var rest = script.unicodeScalars[...]
            for scalar in joined.unicodeScalars {
                rest = rest.drop { $0 != scalar }
                #expect(!rest.isEmpty, "\(script.debugDescription), seed \(random.seed)")
                if rest.isEmpty { return }
                rest.removeFirst()
            }
        }
    }

    @Test("takes time linear in the length of a statement")
    func longStatement() {
        var scanner = ScriptScanner()
        for number in 0..<20_000 { _ = scanner.feed("(\(number), \(number), \(number)),") }
        let found = scanner.feed(";")
        #expect(found.count == 1)
        #expect(found.first?.line == 1)
    }
}
