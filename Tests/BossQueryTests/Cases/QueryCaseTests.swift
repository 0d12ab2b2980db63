import BossDatabase
import BossQuery
import Foundation
import Testing

/// The files in Tests/QueryCases. With the environment variable `BOSSQL_REWRITE_CASES=1` the expected
/// results are replaced by what was found; review the difference before it is kept.
@Suite("Statement cases")
struct QueryCaseTests {
    @Test("return what their files say", arguments: CaseFile.names)
    func cases(_ name: String) throws {
        let file = try CaseFile(named: name)
        let runner = try CaseRunner(file)
        var results: [[String]] = []
        for number in file.cases.indices {
            let (checked, found) = (file.cases[number], try runner.run(file.cases[number]))
            results.append(ResultText.matches(found, checked.expected) ? checked.expected : found)
            if CaseRunner.isRewriting { continue }
            #expect(
                ResultText.matches(found, checked.expected),
                """
                \(name):\(checked.line) \(checked.title)
                found:
                \(found.joined(separator: "\n"))
                expected:
                \(checked.expected.joined(separator: "\n"))
                """)
        }
        guard CaseRunner.isRewriting else { return }
        try file.text(with: results).write(
            to: CaseFile.folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    @Test("are many, in a file a family")
    func count() throws {
        let count = try CaseFile.names.reduce(0) { try $0 + CaseFile(named: $1).cases.count }
        #expect(CaseFile.names.count >= 16)
        #expect(count >= 120)
    }

    @Test("can be rewritten without losing a line that is not a result")
    func rewriting() throws {
        let text =
            "# why\nsetup\nCREATE COLLECTION a;\n\n=== one\nUSE a\n---\nold\n\n=== two\nUSE\n# numpy: 1\n---\n"
        let file = CaseFile(name: "x", text: text)
        #expect(file.cases.map(\.title) == ["one", "two"])
        #expect(file.cases[0].expected == ["old"])
        let changed = file.text(with: [["new", "lines"], ["USE"]])
        #expect(
            changed
                == text.replacingOccurrences(of: "old", with: "new\nlines").replacingOccurrences(
                    of: "1\n---\n", with: "1\n---\nUSE\n"))
    }
}

/// Runs the cases of one file on a database of their own.
final class CaseRunner {
    static let isRewriting = ProcessInfo.processInfo.environment["BOSSQL_REWRITE_CASES"] == "1"

    private let fixture: ResourceFixture
    private let other: Session
    private var shared: [Int: Parameter] = [:]

    init(_ file: CaseFile) throws {
        fixture = try ResourceFixture()
        other = Session(database: fixture.database)
        for line in file.parameters {
            let (number, value) = try CaseParameters.parse(line)
            shared[number] = value
        }
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        for line in file.files { try CaseFiles.write(line, shared, to: temporary) }
        for session in [fixture.session, other] {
            // Both sessions run it, so that USE holds in both; the second only what it lacks.
            let script =
                session === other
                ? file.setup.split(separator: "\n").filter { $0.hasPrefix("USE") }.joined() : file.setup
            try session.execute(text(script), parameters: Self.list(shared))
        }
    }

    /// Files of the cases, beside those of the database.
    private var temporary: String { fixture.folder + "/cases" }
    private func text(_ script: String) -> String {
        script.replacingOccurrences(of: "{tmp}", with: temporary)
    }

    /// What the statements of a case return, as lines.
    func run(_ checked: CaseFile.Case) throws -> [String] {
        var parameters = shared
        for line in checked.parameters {
            let (number, value) = try CaseParameters.parse(line)
            parameters[number] = value
        }
        var lines: [String] = []
        for script in checked.scripts {
            let session = script.session == "b" ? other : fixture.session
            do {
                try session.execute(text(script.text), parameters: Self.list(parameters)) {
                    lines += try ResultText.lines($0)
                }
            } catch let error as DatabaseError {
                lines.append(ResultText.line(error, column: column(of: error, in: script.text)))
            }
        }
        return lines.map { $0.replacingOccurrences(of: temporary, with: "{tmp}") }
    }

    /// The column as if the folder were called `{tmp}`.
    private func column(of error: DatabaseError, in script: String) -> Int {
        guard let position = error.position else { return 0 }
        let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(position.line - 1) else { return position.column }
        let parts = String(lines[position.line - 1]).components(separatedBy: "{tmp}")
        var (end, column) = (0, position.column)
        for part in parts.dropLast() {
            end += part.count + temporary.count
            if position.column > end { column -= temporary.count - "{tmp}".count }
        }
        return column
    }

    /// The values of `$1` up to the highest number; NULL where none was given.
    private static func list(_ parameters: [Int: Parameter]) -> [Parameter] {
        (1..<(parameters.keys.max() ?? 0) + 1).map { parameters[$0] ?? .null }
    }
}
