import BossDatabase
import Testing

@testable import bossql

@Suite("Dot commands")
struct DotCommandTests {
    private func refusal(_ line: String) -> String? {
        do throws(ShellError) {
            _ = try DotCommand(parsing: line)
            return nil
        } catch {
            let error = error.databaseError
            return "\(error.sqlState) \(error.message) \(error.hint ?? "")"
        }
    }

    @Test("are read with their arguments")
    func parsing() throws {
        #expect(try DotCommand(parsing: ".mode csv") == .mode(.csv))
        #expect(try DotCommand(parsing: ".mode") == .mode(nil))
        #expect(try DotCommand(parsing: ".MODE JSON ;") == .mode(.json))
        #expect(try DotCommand(parsing: ".headers off") == .headers(false))
        #expect(try DotCommand(parsing: ".open 'my data.bossdb'") == .open("my data.bossdb"))
        #expect(try DotCommand(parsing: ".output") == .output(nil))
        #expect(try DotCommand(parsing: ".null ''") == .null(""))
        #expect(try DotCommand(parsing: ".view 7") == .view(7))
        #expect(try DotCommand(parsing: ".log off") == .log(nil))
        #expect(try DotCommand(parsing: ".help find ids") == .help("find ids"))
        #expect(try DotCommand(parsing: ".exit") == .quit)
        #expect(try DotCommand(parsing: ".connect http://x token") == .connect)
    }

    @Test("set parameters to numbers, texts, lists and files")
    func parameters() throws {
        #expect(try DotCommand(parsing: ".param set 1 42") == .setParameter(1, .integer(42)))
        #expect(try DotCommand(parsing: ".param set $2 'it''s'") == .setParameter(2, .text("it's")))
        #expect(
            try DotCommand(parsing: ".param set 3 (1, 0xff, 'a')")
                == .setParameter(3, .list([.integer(1), .integer(255), .text("a")])))
        #expect(try DotCommand(parsing: ".param set 4 @a b.npy") == .setParameter(4, .file("a b.npy")))
        #expect(try ParameterLiteral(parsing: "18446744073709551615") == .unsigned(.max))
        #expect(try ParameterLiteral(parsing: "-9223372036854775808") == .integer(.min))
        #expect(try ParameterLiteral(parsing: "1_000") == .integer(1000))
        #expect(try ParameterLiteral(parsing: "2.5e3") == .float(2500))
        #expect(try ParameterLiteral(parsing: "true") == .boolean(true))
        #expect(try ParameterLiteral(parsing: "()") == .list([]))
    }

    @Test("are refused with the usage, or with the nearest command")
    func refusals() {
        #expect(refusal(".mdoe csv") == "42601 unknown command .mdoe did you mean .mode?")
        #expect(refusal(".zzzzzz") == "42601 unknown command .zzzzzz see .help")
        #expect(refusal(".mode tabel")?.contains("did you mean table?") == true)
        #expect(refusal(".timer maybe")?.contains("usage: .timer on|off") == true)
        #expect(refusal(".quit now")?.contains("unexpected now") == true)
        #expect(refusal(".param set 1000 1") != nil)
        #expect(refusal(".param set 0 1") != nil)
        #expect(refusal(".param set 1 hello") != nil)
        #expect(refusal(".param set 1 18446744073709551616") == nil, "a FLOAT64")
        #expect(refusal(".param set 1 0x1ffffffffffffffff") != nil)
        #expect(refusal(".param set 1 " + String(repeating: "(", count: 100_000)) != nil)
        #expect(refusal(".width -1") != nil)
        #expect(refusal(".") != nil)
    }

    @Test("turn .import into a statement")
    func importStatement() throws {
        #expect(
            try DotCommand(parsing: ".import b.npy lab/m/em X 0:64 Y 0:64 Z 0:8")
                == .importing(
                    statement: "INSERT CUTOUT INTO lab/m/em X 0:64 Y 0:64 Z 0:8 FROM FILE 'b.npy' FORMAT NPY;"
                ))
        #expect(
            try DotCommand(parsing: ".import 's/*.tif' lab/m/em AT (0,0,0) ASYNC")
                == .importing(statement: "IMPORT INTO lab/m/em FROM 's/*.tif' FORMAT TIFF AT (0,0,0) ASYNC;"))
        #expect(
            try DotCommand(parsing: ".import it's.nii lab/m/em")
                == .importing(statement: "IMPORT INTO lab/m/em FROM 'it''s.nii' FORMAT NIFTI;"))
    }

    @Test("all have an example that is understood")
    func examples() throws {
        for command in DotCommandInfo.all { #expect(refusal(command.example) == nil, "\(command.example)") }
        #expect(DotCommandInfo.all.map(\.name) == DotCommandInfo.all.map(\.name).sorted())
    }

    @Test("explain statements by name, beginning or word")
    func help() {
        #expect(HelpTopic.matching("find ids").map(\.name) == ["FIND IDS"])
        #expect(HelpTopic.matching("select").map(\.name) == ["SELECT"])
        #expect(HelpTopic.matching("cutout").map(\.name).contains("SELECT CUTOUT"))
        #expect(HelpTopic.matching("nonsense").isEmpty)
        #expect(HelpTopic.all.allSatisfy { $0.example.hasSuffix(";") })
    }

    @Test("are guessed by edit distance")
    func nearMiss() {
        #expect(NearMiss.editDistance("kitten", "sitting") == 3)
        #expect(NearMiss.editDistance("", "abc") == 3)
        #expect(NearMiss.editDistance("mdoe", "mode") == 1)
        #expect(NearMiss.best(for: "cvs", among: ["csv", "json"]) == "csv")
        #expect(NearMiss.best(for: "xyz", among: ["csv", "json"]) == nil)
    }
}
