import BossDatabase
import BossQuery
import Testing

/// Long and deep statements.
@Suite("Statements at their limits")
struct StatementLimitTests {
    @Test("a statement of a mebibyte runs, a longer one is refused")
    func length() throws {
        let fixture = try HostileStatementTests.prepared()
        let start = "FIND IDS IN seg WHERE id IN (3"
        let room = (1 << 20) - start.utf8.count - 1
        let member = ",18446744073709551615"
        let list = String(repeating: member, count: room / member.utf8.count)
        let spaces = String(repeating: " ", count: room - list.utf8.count)
        #expect(try fixture.lines(start + list + spaces + ")") == ["3"])
        #expect(fixture.refusal(start + list + spaces + " )").hasPrefix("54001"))
        #expect(
            try fixture.lines("FIND IDS IN seg /*" + String(repeating: "x", count: (1 << 20) - 30) + "*/")
                == ["3"])
    }

    @Test("nesting of 64 runs, of 65 is refused, of a million too")
    func nesting() throws {
        let fixture = try HostileStatementTests.prepared()
        func nested(_ depth: Int) -> String {
            "FIND IDS IN seg WHERE " + String(repeating: "(", count: depth) + "id = 3"
                + String(repeating: ")", count: depth)
        }
        #expect(try fixture.lines(nested(64)) == ["3"])
        #expect(fixture.refusal(nested(65)).hasPrefix("54001"))
        #expect(fixture.refusal(nested(400_000)).hasPrefix("54001"))
        let negations = "FIND IDS IN seg WHERE " + String(repeating: "NOT ", count: 200_000) + "id = 3"
        #expect(fixture.refusal(negations).hasPrefix("54001"))
        let sums = "FIND IDS IN seg WHERE id = 1" + String(repeating: " + 1", count: 200_000)
        #expect(fixture.refusal(sums).hasPrefix("54001"))
    }

    @Test("rows that are nested deeper than SQLite goes are refused; how deep that is depends on its version")
    func rowNesting() throws {
        let fixture = try HostileStatementTests.prepared()
        let negations = "SELECT id FROM IDS(seg) WHERE " + String(repeating: "NOT ", count: 60) + "id = 3"
        let calls =
            "SELECT " + String(repeating: "ABS(", count: 60) + "id" + String(repeating: ")", count: 60)
            + " FROM IDS(seg)"
        for statement in [negations, calls] {
            let outcome = fixture.refusal(statement)
            #expect(outcome == "success" || outcome.hasPrefix("54001"), "\(outcome)")
            #expect(try fixture.lines("SELECT id FROM IDS(seg)") == ["3"])
        }
    }

    @Test("ten thousand conditions joined by OR are one condition")
    func longConditions() throws {
        let fixture = try HostileStatementTests.prepared()
        let condition = (0..<10_000).map { "id = \($0)" }.joined(separator: " OR ")
        #expect(try fixture.lines("FIND IDS IN seg WHERE \(condition)") == ["3"])
    }

    @Test("after a refusal the next statement runs")
    func recovery() throws {
        let fixture = try HostileStatementTests.prepared()
        for statement in [
            "", ";", "SELECT", "\u{0}", "SELECT CUTOUT FROM em X 9223372036854775807", "🙂",
            "SELECT CUTOUT FROM \"em",
        ] {
            #expect(fixture.refusal(statement) != "success", "\(statement)")
            #expect(try fixture.lines("FIND IDS IN seg") == ["3"])
        }
    }
}
