import BossDatabase
import BossQuery
import BossVoxels
import Foundation
import Testing

@Suite("Times in versions and conditions")
struct TimeTextTests {
    /// A database whose statements tell how a text is read.
    private let fixture: ResourceFixture

    init() throws { fixture = try ResourceFixture.withChannels() }

    /// SQLSTATE of a read at that time; `success` for a time that is understood.
    private func read(_ text: String) -> String {
        fixture.refusal("SELECT CUTOUT FROM lab/mouse/em@'\(text)' X 0 Y 0 Z 0")
    }

    @Test(
        "are ISO 8601, with or without a zone",
        arguments: [
            "2026-03-01", "2026-03-01T12:00", "2026-03-01T12:00Z", "2026-03-01T12:00:00",
            "2026-03-01T12:00:00Z",
            "2026-03-01t12:00:00z", "2026-03-01 12:00:00", "2026-03-01T12:00:00.5Z",
            "2026-03-01T12:00:00.123456789Z",
            "2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00-0330", "2026-03-01T12:00:00+14", "2024-02-29",
            "2000-02-29", "0001-01-01", "9999-12-31T23:59:59.999999Z",
        ])
    func accepted(_ text: String) { #expect(read(text) == "success") }

    @Test(
        "are nothing else",
        arguments: [
            "", "now", "2026", "2026-03", "2026-3-1", "2026-13-01", "2026-00-01", "2026-02-30", "2025-02-29",
            "1900-02-29", "0000-01-01", "2026-03-01T", "2026-03-01T24:00", "2026-03-01T12:60",
            "2026-03-01T12:00:60",
            "2026-03-01T12", "2026-03-01T12:00:00.", "2026-03-01T12:00:00+", "2026-03-01T12:00:00+25:00",
            "2026-03-01T12:00:00Z ", " 2026-03-01", "2026-03-01Z", "-2026-03-01", "20260301", "1772323200",
            "２０２６-03-01",
        ])
    func refused(_ text: String) { #expect(read(text) == "22007 33") }

    /// The oracle is Foundation's calendar: of two commits the time between them shows the first, the time of the
    /// second shows it.
    @Test("mean the instant that Foundation's calendar gives them")
    func instants() throws {
        let one = try ResourceFixture.volume(.uint8, [1, 1, 1], filledWith: 1)
        let two = try ResourceFixture.volume(.uint8, [1, 1, 1], filledWith: 2)
        let insert = "INSERT CUTOUT INTO lab/mouse/em X 0 Y 0 Z 0 VALUES $1"
        _ = try fixture.tag(insert, [.volume(one)])
        usleep(20_000)
        _ = try fixture.tag(insert, [.volume(two)])
        let times = try fixture.rows("SELECT at FROM sys.commits ORDER BY commit").rows.map { row -> Int64 in
            if case .timestamp(let microseconds) = row[0] { microseconds } else { 0 }
        }
        try #require(times.count == 2 && times[1] - times[0] >= 20_000)
        for zone in [0, 3600, -12_600, 50_400] {
            for (microseconds, expected) in [
                (times[0] - 1, 0), (times[0], 1), (times[1] - 1, 1), (times[1], 2), (times[1] + 1, 2),
            ] {
                let text = Self.text(microseconds, zone: zone)
                let found = try fixture.volume("SELECT CUTOUT FROM lab/mouse/em@'\(text)' X 0 Y 0 Z 0")
                #expect(ResourceFixture.bits(found.volume) == [UInt64(expected)], "\(text)")
            }
        }
    }

    private static func text(_ microseconds: Int64, zone: Int) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: zone) ?? .gmt
        let date = Date(timeIntervalSince1970: Double(microseconds / 1_000_000))
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let sign = zone < 0 ? "-" : "+"
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%06d%@%02d:%02d", parts.year ?? 0, parts.month ?? 0,
            parts.day ?? 0,
            parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0, Int(microseconds % 1_000_000), sign,
            abs(zone) / 3600, abs(zone) / 60 % 60)
    }
}
