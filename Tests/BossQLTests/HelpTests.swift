import BossDatabase
import BossQuery
import Testing

@testable import bossql

@Suite("Help")
struct HelpTests {
    @Test("an example is a sentence of the language, and marked where this version does not run it")
    func examples() throws {
        for topic in HelpTopic.all {
            let folder = try TemporaryDirectory()
            let database = try Database.open(folder.file("help.bossdb"))
            let answer = try sqlState(of: topic.example, in: Session(database: database))
            try database.close()
            #expect(answer != "42601", "\(topic.name): \(topic.example)")
            #expect((answer != "0A000") == topic.isSupported, "\(topic.name): \(topic.example)")
        }
    }

    @Test("ideas of the language are found by the words for them, of one or of several")
    func ideas() {
        for (word, name) in [
            ("transactions", "TRANSACTION"), ("versions", "VERSION"), ("retention", "RETENTION"),
            ("paths", "PATH"),
        ] {
            #expect(HelpTopic.matching(word).map(\.name) == [name])
        }
        #expect(HelpTopic.matching("nothings").isEmpty)
    }

    /// What the statements are answered with; 00000 for success. Most find no channel.
    private func sqlState(of script: String, in session: Session) throws -> String {
        do {
            try session.execute(script)
            return "00000"
        } catch let error as DatabaseError {
            return error.sqlState
        }
    }
}
