import BossDatabase
import Testing

@testable import bossql

@Suite("Shell input")
struct ShellInputTests {
    @Test("lines lose their ends and a byte order mark")
    func lines() throws {
        let source = LineSource(text: "\u{FEFF}a\r\n\nb")
        var lines: [String] = []
        while let line = try source.next() { lines.append(line) }
        #expect(lines == ["a", "", "b"])
        #expect(source.lineNumber == 3)
        #expect(try LineSource(text: "").next() == nil)
    }

    @Test("a missing script names the file")
    func missingFile() {
        #expect(throws: ShellError.self) { try LineSource.file("/nonexistent/script.bql") }
    }

    @Test("the prompt tells transactions and continued lines apart, in one width")
    func prompts() {
        #expect(InteractiveShell.prompt(isContinuing: false, isInTransaction: false) == "bossql> ")
        #expect(InteractiveShell.prompt(isContinuing: false, isInTransaction: true).contains("*"))
        #expect(InteractiveShell.prompt(isContinuing: true, isInTransaction: false) == "   ...> ")
    }

    @Test("quit and help work as plain words too")
    func plainWords() {
        #expect(InteractiveShell.command("quit") == ".quit")
        #expect(InteractiveShell.command(" exit;") == ".quit")
        #expect(InteractiveShell.command("help") == ".help")
        #expect(InteractiveShell.command(".mode csv") == ".mode csv")
        #expect(InteractiveShell.command("SELECT 1;") == nil)
    }

    @Test("damaged and locked databases have an exit status of their own")
    func exitStatus() {
        #expect(Shell.status(for: DatabaseError("XX001", "x")) == 3)
        #expect(Shell.status(for: DatabaseError("55006", "x")) == 3)
        #expect(Shell.status(for: DatabaseError("42601", "x")) == 1)
    }

    @Test("a temporary folder is removed with everything in it")
    func temporaryFolder() throws {
        let folder = try TemporaryFolder.create()
        try Output.file(folder + "/a").flush()
        #expect(FileCompletion.candidates(folder + "/") == [folder + "/a"])
        TemporaryFolder.remove(folder)
        #expect(!FileCompletion.exists(folder))
    }

    @Test("the options that are documented are read")
    func options() throws {
        let options = try ShellOptions.reading([
            "db", "-c", "-- note", "-c", "B;", "-f", "-", "--format", "jsonl", "--read-only",
        ])
        #expect(options.database == "db")
        #expect(options.statements == ["-- note", "B;"])
        #expect(options.files == ["-"])
        #expect(options.format == .jsonl)
        #expect(options.readOnly)
        #expect(throws: (any Error).self) { try ShellOptions.reading(["--format", "ascii"]) }
        #expect(throws: (any Error).self) { try ShellOptions.reading(["a", "b"]) }
    }
}
