import BossDatabase
import BossQuery
import Testing

/// The files in Grammar/examples.
@Suite("The examples of the grammar")
struct ExampleTests {
    @Test("are all parsed and survive printing")
    func examples() throws {
        let names = try GrammarFiles.examples()
        #expect(names.count >= 78)
        for name in names {
            let text = try GrammarFiles.text(name)
            do {
                #expect(try !Parser.parseScript(text).isEmpty, "\(name)")
                try expectRoundTrip(text, name)
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }

    @Test("that are malformed are refused with the code and at the column in their first line")
    func malformed() throws {
        let names = try GrammarFiles.examples(in: "examples/errors")
        #expect(names.count >= 40)
        for name in names {
            let text = try GrammarFiles.text(name)
            let expected = text.prefix { $0 != "\n" }.dropFirst("-- expect: ".count)
            let error = #expect(throws: DatabaseError.self, "\(name)") { try Parser.parseScript(text) }
            let column = error?.position?.column ?? 0
            #expect("\(error?.sqlState ?? "") \(column)" == expected, "\(name): \(error?.message ?? "")")
        }
    }

    @Test("in section 19 are 70, numbered without a gap")
    func numbering() throws {
        let numbers = try GrammarFiles.examples().compactMap { Int($0.split(separator: "/")[1].prefix(2)) }
        #expect(numbers.prefix(70).elementsEqual(1...70))
    }
}
