import BossQuery
import Foundation

/// A file of statement cases in Tests/QueryCases.
///
/// After comments (`#`) come parameters and files, then the statements that make the database, then cases:
///
///     $1 em = UINT8 (20,80,100) linear 1 10 100 0 mod 251
///     file block.npy = NPY $1
///     setup
///     CREATE COLLECTION lab;
///     === a fact in words
///     $2 = integer 5
///     SELECT CUTOUT FROM em X $2
///     ---
///     what the statement returns
///
/// Cases run in order on one database. Parameters in a case are its own. A line that starts with `@b` gives
/// what follows to a second session, `@a` back to the first. `{tmp}` is the folder of the files. Lines that
/// start with `#` are comments; those that start with `# numpy` are checked by oracle.py.
struct CaseFile {
    /// One case.
    struct Case {
        let title: String
        /// Line of the title, from 1.
        let line: Int
        var parameters: [String] = []
        /// Session and text.
        var scripts: [(session: Character, text: String)] = []
        var expected: [String] = []
    }

    let name: String
    private(set) var parameters: [String] = []
    private(set) var files: [String] = []
    private(set) var setup = ""
    private(set) var cases: [Case] = []
    /// The lines of the file, each with the number of its case where it is an expected one.
    private var lines: [(text: String, caseNumber: Int?)] = []

    private enum Section { case header, setup, statement, expected }

    init(name: String, text: String) {
        self.name = name
        var section = Section.header
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .enumerated()
        {
            var isExpected = false
            if line.hasPrefix("=== ") {
                cases.append(Case(title: String(line.dropFirst(4)), line: number + 1))
                section = .statement
            } else if line == "---", section == .statement {
                section = .expected
            } else if line == "setup", section == .header {
                section = .setup
            } else if line.hasPrefix("#") || (line.isEmpty && section != .setup) {
                // A comment; empty lines only part the cases.
            } else {
                isExpected = section == .expected
                add(line, section)
            }
            lines.append((line, isExpected ? cases.count - 1 : nil))
        }
    }

    private mutating func add(_ line: String, _ section: Section) {
        switch section {
        case .header:
            if line.hasPrefix("file ") { files.append(line) } else { parameters.append(line) }
        case .setup: setup += line + "\n"
        case .statement: cases[cases.count - 1].add(line)
        case .expected: cases[cases.count - 1].expected.append(line)
        }
    }

    /// The file with other results; comments and everything else stay.
    func text(with results: [[String]]) -> String {
        var output: [String] = []
        var current = -1
        for (text, caseNumber) in lines where caseNumber == nil {
            if text.hasPrefix("=== ") { current += 1 }
            output.append(text)
            if text == "---", results.indices.contains(current) { output += results[current] }
        }
        return output.joined(separator: "\n")
    }

    // MARK: Folder

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "QueryCases")

    /// The names of all case files, sorted.
    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".case") }.sorted()

    init(named name: String) throws {
        self.init(
            name: name, text: try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8))
    }
}

extension CaseFile.Case {
    /// Adds a line of the statement part.
    mutating func add(_ line: String) {
        if line.hasPrefix("$") {
            parameters.append(line)
        } else if line.hasPrefix("@a ") || line.hasPrefix("@b ") {
            scripts.append((line.dropFirst().first ?? "a", String(line.dropFirst(3))))
        } else if scripts.isEmpty {
            scripts.append(("a", line))
        } else {
            scripts[scripts.count - 1].text += "\n" + line
        }
    }
}
