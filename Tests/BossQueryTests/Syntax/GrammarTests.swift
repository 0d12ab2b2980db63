import BossDatabase
import BossQuery
import BossTestSupport
import Testing

/// The grammar file, the list of keywords and the parser say the same.
@Suite("The grammar")
struct GrammarTests {
    /// Capitals, digits and `_`, a capital first.
    private static func isWord(_ text: String) -> Bool {
        text.first?.isUppercase == true
            && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    @Test("defines every rule it names, once, and names every rule it defines")
    func closed() throws {
        let rules = try GrammarReader.rules(of: GrammarFiles.text("bossql.ebnf"))
        let defined = rules.map(\.name)
        #expect(Set(defined).count == defined.count)
        let named = Set(rules.flatMap(\.body.ruleNames))
        #expect(named.subtracting(defined).isEmpty)
        #expect(Set(defined).subtracting(named) == ["script"])
    }

    @Test("has the same words as the parser")
    func words() throws {
        let rules = try GrammarReader.rules(of: GrammarFiles.text("bossql.ebnf"))
        let words = Set(rules.flatMap(\.body.terminals).filter { Self.isWord($0) })
        #expect(words.symmetricDifference(Keywords.all).isEmpty)
    }

    @Test("has the same words as keywords.txt, reserved and contextual")
    func keywordList() throws {
        let lines = try GrammarFiles.text("keywords.txt").split(separator: "\n").map {
            $0.split(separator: " ")
        }
        #expect(lines.allSatisfy { $0.count == 2 && ["reserved", "contextual"].contains($0[1]) })
        #expect(lines.map { String($0[0]) } == Keywords.all)
        #expect(lines.filter { $0[1] == "reserved" }.map { String($0[0]) } == Keywords.reserved)
    }

    /// The list of section 17 of the language's specification.
    @Test("reserves these words and no others")
    func reserved() {
        let words = """
            ALL AND AS BETWEEN BY CASE CAST CLAMP ELSE END EXISTS FALSE FROM GROUP HAVING ID IN IS JOIN LEFT LIKE
            LIMIT NOT NULL OFFSET ON OR ORDER SELECT THEN TRUE VALUE WHEN WHERE
            """
        #expect(Keywords.reserved == words.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    @Test(
        "gives statements that are parsed, printed and parsed again to the same tree",
        arguments: [1, 2, 3] as [UInt64])
    func randomSentences(seed: UInt64) throws {
        let rules = try GrammarReader.rules(of: GrammarFiles.text("bossql.ebnf"))
        var generator = SentenceGenerator(rules: rules, seed: seed)
        var refused = 0
        for number in 0..<1000 {
            let text = generator.statement()
            do {
                try expectRoundTrip(text, "seed \(seed), statement \(number)")
            } catch let error as DatabaseError {
                refused += 1
                #expect(error.sqlState == "22003", "\(error): \(text), seed \(seed), statement \(number)")
            }
        }
        #expect(refused < 200, "seed \(seed)")
    }

    /// Shows that the generator behind the random statements leaves no corner of the grammar out.
    @Test("gives every word when each rule is drawn often")
    func coverage() throws {
        let rules = try GrammarReader.rules(of: GrammarFiles.text("bossql.ebnf"))
        var generator = SentenceGenerator(rules: rules, seed: 7)
        var missing = Set(Keywords.all)
        for rule in rules where rule.name != "script" {
            for _ in 0..<400 {
                missing.subtract(generator.text(of: rule.name).split(separator: " ").map(String.init))
            }
        }
        #expect(missing.isEmpty, "seed 7")
    }
}

/// Parses, prints and parses again, and expects equal trees and equal texts.
func expectRoundTrip(_ text: String, _ note: String, sourceLocation: SourceLocation = #_sourceLocation) throws
{
    for parsed in try Parser.parseScript(text) {
        let printed = String(parsed.statement)
        do {
            let again = try Parser.parseScript(printed).map(\.statement)
            #expect(
                again == [parsed.statement], "\(text) -> \(printed), \(note)", sourceLocation: sourceLocation)
            #expect(again.map { String($0) } == [printed], "\(note)", sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(text) -> \(printed): \(error), \(note)", sourceLocation: sourceLocation)
        }
    }
}
