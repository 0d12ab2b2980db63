import BossDatabase
import BossGeometry
import BossQuery
import Testing

@Suite("The parser")
struct ParserTests {
    private func one(_ text: String) throws -> Statement {
        try #require(Parser.parseScript(text).first).statement
    }

    private func failure(_ text: String) throws -> DatabaseError {
        try #require(#expect(throws: DatabaseError.self, "\(text)") { try Parser.parseScript(text) })
    }

    private func volume(_ text: String) throws -> VolumeQuery {
        guard case .selectVolume(let query) = try one(text) else { throw Mismatch(text: text) }
        return query
    }

    private struct Mismatch: Error { let text: String }

    @Test("reads a cutout with its region")
    func cutout() throws {
        let query = try volume("select cutout from Lab/em RES 2 X -10:$1 Y 100 Z * T :2um OUTSIDE FILL -1")
        #expect(query.artifact.value == .cutout)
        #expect(query.sources.map(\.path.segments) == [["Lab", "em"]])
        let place = query.position
        #expect(query.region.resolution?.choice == .level(2))
        #expect(query.region.x?.range == .interval(lower: .integer(-10, place), upper: .parameter(1, place)))
        #expect(query.region.y?.range == .single(.integer(100, place)))
        #expect(query.region.z?.range == .all)
        let micrometers = Quantity(value: 2, unit: .micrometers)
        #expect(query.region.t?.range == .interval(lower: nil, upper: .quantity(micrometers, place)))
        #expect(query.region.outside?.policy == .fill(.literal(.signed(-1), place)))
    }

    @Test("reads integers up to 2^64 - 1 and refuses 2^64 where it stands")
    func integers() throws {
        let query = try volume("SELECT CUTOUT FROM s OF ID 18446744073709551615")
        guard case .object(.literal(.unsigned(UInt64.max), _), nil, _) = query.region.shape else {
            throw Mismatch(text: "OF ID")
        }
        let error = try failure("SELECT CUTOUT FROM s OF ID 18446744073709551616")
        #expect(error.sqlState == "22003")
        #expect(error.position == SourcePosition(utf8Offset: 27, line: 1, column: 28, length: 20))
        #expect(try failure("SELECT CUTOUT FROM s OF ID -9223372036854775809").sqlState == "22003")
        #expect(try volume("SELECT CUTOUT FROM s X -9223372036854775808:0").region.x != nil)
    }

    @Test("gives positions in characters, over lines and multi-byte characters")
    func positions() throws {
        let text = "-- über\nSELECT CUTOUT FROM \"größe\"/🧠x ;"
        let error = try failure(text)
        #expect(error.position == SourcePosition(utf8Offset: 38, line: 2, column: 28, length: 1))
        let query = try volume("/* µ\n é */ SELECT CUTOUT\n FROM \"größe\"/em-1@'日本'\n WHERE VALUE > 12.5µm")
        #expect(
            query.sources[0].path.position.source
                == SourcePosition(utf8Offset: 33, line: 3, column: 7, length: 17))
        #expect(query.sources[0].path.version?.kind == .time("日本"))
        guard case .binary(.greater, _, .literal(.quantity(let size), let position), _)? = query.condition
        else {
            throw Mismatch(text: "WHERE")
        }
        #expect(size == Quantity(value: 12.5, unit: .micrometers))
        #expect(position.source == SourcePosition(utf8Offset: 72, line: 4, column: 16, length: 6))
    }

    @Test("keeps each statement's own text")
    func script() throws {
        let statements = try Parser.parseScript(" BEGIN ;; -- é\n COMMIT MESSAGE ';' ; ")
        #expect(statements.map(\.text) == ["BEGIN", "COMMIT MESSAGE ';'"])
        #expect(statements.map(\.utf8Range) == [1..<6, 17..<35])
        #expect(try Parser.parseScript(" ; -- nothing\n").isEmpty)
    }

    @Test("puts operators in the order of the ladder")
    func precedence() throws {
        for (text, canonical) in [
            ("1+2*3", "1 + 2 * 3"), ("(1+2)*3", "(1 + 2) * 3"), ("1-(2-3)", "1 - (2 - 3)"),
            ("((1-2))-3", "1 - 2 - 3"), ("- - 1", "-(-1)"),
            ("NOT(a=1)AND b=2 OR c=3", "NOT a = 1 AND b = 2 OR c = 3"),
            ("NOT(a=1 AND b=2)", "NOT (a = 1 AND b = 2)"), ("a OR(b OR c)", "a OR (b OR c)"),
            ("(a=1)=(b<2)", "(a = 1) = (b < 2)"), ("a!=1", "a <> 1"),
            ("a BETWEEN 1+1 AND 2 AND b IN(1,2)", "a BETWEEN 1 + 1 AND 2 AND b IN (1, 2)"),
        ] {
            let query = try volume("SELECT CUTOUT \(text) FROM em")
            #expect(query.expression.map { String($0) } == canonical)
        }
    }

    @Test("reads paths by their own rules")
    func paths() throws {
        #expect(
            try volume("SELECT CUTOUT FROM bossdb://a-b/2/-x-@v-1").sources[0].path.segments == [
                "a-b", "2", "-x-",
            ])
        #expect(try volume("SELECT CUTOUT FROM a/* no segment */ X 0:5").sources[0].path.segments == ["a"])
        #expect(try volume("SELECT CUTOUT FROM a--b X 0:5").sources[0].path.segments == ["a--b"])
        #expect(try volume("SELECT CUTOUT FROM a --b X 0:5").region.isEmpty)
        #expect(try volume("SELECT CUTOUT FROM a@#12").sources[0].path.version?.kind == .commit(12))
    }

    @Test("names what it expected and what is near")
    func messages() throws {
        let missing = try failure("SELECT CUTOUT FORM em")
        #expect(missing.message.hasSuffix("found em"))
        #expect(missing.message.contains("FROM"))
        #expect(missing.hint == "did you mean FROM?")
        #expect(try failure("SELCT CUTOUT FROM em").hint == "did you mean SELECT?")
        #expect(try failure("SHOW CHANELS").hint == "did you mean CHANNELS?")
        #expect(try failure("SELECT id FROM STTS(em)").hint == "did you mean STATS?")
        #expect(
            try failure("DOWNSAMPLE em METHOD MEEN").message
                == "expected MEAN, MODE, MIN, MAX or STRIDE, found MEEN")
        #expect(try failure("CREATE COLLECTION").message == "expected a path, found the end of the text")
        #expect(try failure("SAVEPOINT from").hint?.contains("double quotes") == true)
    }

    @Test("refuses 65 brackets and accepts 64")
    func depth() throws {
        func nested(_ count: Int) -> String {
            "SELECT CUTOUT " + String(repeating: "(", count: count) + "1"
                + String(repeating: ")", count: count)
                + " FROM em"
        }
        #expect(throws: Never.self) { try Parser.parseScript(nested(64)) }
        try #require(try failure(nested(65)).sqlState == "54001")
        #expect(try failure(nested(200_000)).sqlState == "54001")
        for deep in ["NOT ", "- ", "CASE WHEN ", "f(", "CAST(", "1 IN ("] {
            let text = "SELECT CUTOUT " + String(repeating: deep, count: 10_000)
            #expect(["54001", "42601"].contains(try failure(text).sqlState), "\(deep)")
        }
        #expect(try failure(String(repeating: "EXPLAIN ", count: 10_000) + "COMMIT").sqlState == "54001")
        #expect(try failure(String(repeating: "SELECT (", count: 10_000)).sqlState == "54001")
        #expect(try failure(String(repeating: "SELECT a FROM (", count: 10_000)).sqlState == "54001")
    }

    @Test("refuses long sums and accepts long lists and disjunctions")
    func width() throws {
        let sum = Array(repeating: "1", count: 100_000).joined(separator: "+")
        #expect(try failure("SELECT CUTOUT \(sum) FROM em").sqlState == "54001")
        let list = Array(repeating: "ID = 7", count: 20_000).joined(separator: " OR ")
        #expect(throws: Never.self) { try Parser.parseScript("SELECT CUTOUT FROM em WHERE \(list)") }
    }

    @Test("refuses a statement of more than 1 MiB")
    func length() throws {
        func commit(_ count: Int) -> String {
            "COMMIT MESSAGE '" + String(repeating: "a", count: count - 17) + "'"
        }
        #expect(throws: Never.self) { try Parser.parseScript(commit(1 << 20) + ";" + commit(1 << 20)) }
        #expect(try failure(commit(1 << 20 + 1)).sqlState == "54001")
    }

    @Test("describes a path or a statement")
    func describe() throws {
        guard case .describePath(let path, _) = try one("DESCRIBE copy/x") else {
            throw Mismatch(text: "path")
        }
        #expect(path.segments == ["copy", "x"])
        guard case .describeStatement(.copyCutout, _) = try one("DESCRIBE COPY a TO b") else {
            throw Mismatch(text: "statement")
        }
    }

    @Test("names the feature of statements that it only checks")
    func unsupported() throws {
        for (text, feature) in [
            ("GRANT READ ON lab TO PUBLIC", "GRANT"), ("CREATE USER ann PASSWORD 'x'", "CREATE USER"),
            ("CREATE POINTS c/e/s (a UINT8)", "CREATE POINTS"), ("JOIN INGEST JOB 7", "JOIN INGEST JOB"),
        ] {
            guard case .unsupported(let node) = try one(text) else { throw Mismatch(text: text) }
            #expect(node.feature == feature)
            #expect(node.text == text)
        }
    }

    @Test("knows when typed text is finished")
    func complete() {
        for text in [
            "COMMIT;", "COMMIT; -- ;", "BEGIN; COMMIT;", "SELECT CUTOUT FROM a--b;", "SELEC;",
            "SELECT 'a;' FROM;",
        ] { #expect(StatementScanner.isComplete(text), "\(text)") }
        for text in [
            "", "  -- ;", "COMMIT", "BEGIN; COMMIT", "COMMIT MESSAGE ';", "COMMIT /* ;", "CHECK \"a;",
            "SELECT CUTOUT FROM a -- ;", "SELECT CUTOUT\nFROM",
        ] { #expect(!StatementScanner.isComplete(text), "\(text)") }
    }
}
