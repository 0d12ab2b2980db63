import BossDatabase
import Testing

@testable import BossQuery

@Suite("Metadata statements")
struct MetadataStatementTests {
    @Test("keep JSON as it is, and other text as a JSON string")
    func values() throws {
        let fixture = try ResourceFixture.withChannels()
        let set = """
            SET METADATA ON lab/mouse/em 'a' = 'SEM-3', 'b' = 1.8, 'c' = TRUE, 'd' = NULL, 'e' = '{"x": [1, 2]}',
            'f' = 18446744073709551615, 'g' = -4, 'h' = 'say "hi"', 'i' = '', 'j' = $1
            """
        let list = Parameter.list([.integer(1), .text("b"), .list([.null, .boolean(false)]), .float(0.5)])
        #expect(try fixture.tag(set, [list]) == "SET 10")
        let rows = try fixture.rows("SHOW METADATA IN lab/mouse/em")
        #expect(
            rows.columns == [Column("key", .text), Column("value", .json), Column("updated_at", .timestamp)])
        #expect(
            rows.rows.map { ResourceFixture.text($0[1]) } == [
                "\"SEM-3\"", "1.8", "true", "null", "{\"x\": [1, 2]}", "18446744073709551615", "-4",
                "\"say \\\"hi\\\"\"", "\"\"", "[1,\"b\",[null,false],0.5]",
            ])
    }

    @Test("belong to collections, experiments and channels")
    func owners() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            "SET METADATA ON lab 'k' = 1; SET METADATA ON lab/mouse 'k' = 2; USE lab/mouse; SET METADATA ON em 'k' = 3"
        )
        #expect(try fixture.column("value", of: "SHOW METADATA IN lab") == ["1"])
        #expect(try fixture.column("value", of: "SHOW METADATA") == ["2"])
        #expect(try fixture.column("value", of: "SHOW METADATA ON em") == ["3"])
        #expect(try fixture.column("value", of: "SHOW METADATA IN em LIKE 'K'") == ["3"])
        #expect(try fixture.tag("UNSET METADATA ON em 'k'") == "UNSET 1")
        #expect(try fixture.rows("SHOW METADATA IN em").rows.isEmpty)
    }

    @Test("UNSET of a key that is not there removes nothing")
    func unset() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("SET METADATA ON lab 'voxel' = 1, 'other' = 2")
        #expect(fixture.refusal("UNSET METADATA ON lab 'other', 'vixel'") == "42704 32")
        #expect(fixture.hint("UNSET METADATA ON lab 'other', 'vixel'") == "did you mean voxel?")
        #expect(try fixture.column("key", of: "SHOW METADATA IN lab") == ["other", "voxel"])
    }

    @Test(
        "refuse what is no key, no value or no thing",
        arguments: [
            ("SET METADATA ON lab 'a' = 1, '' = 2", "42602 30"),
            ("SET METADATA ON lab 'a' = X'00'", "42804 27"),
            ("SET METADATA ON lab 'a' = 4nm", "42804 27"), ("SET METADATA ON lab 'a' = $1", "07001 27"),
            ("SET METADATA ON lob 'a' = 1", "42P01 17"), ("UNSET METADATA ON lab/nix 'a'", "42P01 19"),
            ("SHOW METADATA IN nix", "42P01 18"),
        ])
    func refusals(_ statement: String, _ expected: String) throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal(statement) == expected)
    }

    @Test(
        "JSON is told by its grammar",
        arguments: [
            "0", "-0", "10", "1.5", "-1.5e+20", "1E5", "1e-05", "\"\"", "\"a\\u00e9\\n\"", "\"\u{e9}\"",
            "true", "false",
            "null", "[]", "{}", " [ ] ", "[1, [2], {}]", "{\"a\": {\"b\": [null]}, \"c\": 1}", "\t\r\n1\n",
        ])
    func validJSON(_ text: String) { #expect(JSONText.isValid(text)) }

    @Test(
        "other text is not JSON",
        arguments: [
            "", " ", "a", "01", "1.", ".5", "+1", "-", "1e", "0x1", "NaN", "tru", "true1", "'a'", "\"",
            "\"\\\"", "\"\\x\"",
            "\"\\u12g4\"", "\"\\u12", "\"a\nb\"", "[", "]", "[1,]", "[1 2]", "[,]", "{", "{\"a\"}",
            "{\"a\":}", "{a: 1}",
            "{\"a\": 1,}", "{\"a\": 1]", "[1}", "1 2", "[] []", "{1: 2}",
        ])
    func invalidJSON(_ text: String) { #expect(!JSONText.isValid(text)) }

    @Test("deep nesting is taken for text, and the catalog agrees with the limit")
    func depth() throws {
        let limit = JSONText.maximumDepth
        let deep = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(JSONText.isValid(deep))
        #expect(!JSONText.isValid("[" + deep + "]"))
        let fixture = try ResourceFixture.withChannels()
        #expect(try fixture.tag("SET METADATA ON lab 'a' = $1", [.text(deep)]) == "SET 1")
        #expect(try fixture.tag("SET METADATA ON lab 'b' = $1", [.text("[" + deep + "]")]) == "SET 1")
        #expect(try fixture.column("value", of: "SHOW METADATA IN lab") == [deep, "\"[" + deep + "]\""])
    }

    @Test("a JSON string holds any text")
    func strings() throws {
        #expect(JSONText.string("a\"b\\c\n\t\r\u{1}\u{e9}") == "\"a\\\"b\\\\c\\n\\t\\r\\u0001\u{e9}\"")
        #expect(JSONText.isValid(JSONText.string("\u{0}\u{1f}\"\\/")))
    }
}
