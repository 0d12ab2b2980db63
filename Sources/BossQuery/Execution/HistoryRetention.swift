import BossDatabase

/// The setting `history_retention`: how long older versions of voxels are kept. It is the database's, not the
/// session's.
enum HistoryRetention {
    /// One day, in microseconds.
    static let standard: Int64 = 86_400_000_000
    /// A hundred years of 365 days.
    private static let limit: Int64 = 36_500 * standard

    private static let units: [(names: Set<String>, microseconds: Int64)] = [
        (["d", "day", "days"], standard), (["h", "hour", "hours"], 3_600_000_000),
        (["min", "minute", "minutes"], 60_000_000), (["s", "second", "seconds"], 1_000_000),
        (["w", "week", "weeks"], 7 * standard),
    ]

    /// Microseconds that a text such as `7d`, `24h`, `30 days` or `off` means; nil if it means none.
    static func microseconds(_ text: String) -> Int64? {
        let words = text.lowercased().filter { $0 != " " }
        if words == "off" || words == "0" { return 0 }
        let digits = words.prefix(while: \.isASCIIDigit)
        let unit = String(words.dropFirst(digits.count))
        guard let count = Int64(digits),
            let scale = units.first(where: { $0.names.contains(unit) })?.microseconds
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: scale)
        return overflow || product > limit ? nil : product
    }

    /// The shortest text for a time.
    static func text(_ microseconds: Int64) -> String {
        guard microseconds > 0 else { return "off" }
        for (name, scale) in [("d", standard), ("h", 3_600_000_000), ("min", 60_000_000)]
        where microseconds % scale == 0 { return "\(microseconds / scale)\(name)" }
        return "\(microseconds / 1_000_000)s"
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension StatementExecutor {
    /// Sets `history_retention` for the whole database, at once.
    ///
    /// - Throws: 22023, 42804, 25006, 0A000 inside a transaction.
    func setHistoryRetention(_ value: SettingValue, _ position: NodePosition) throws(DatabaseError) {
        try refuseInTransaction("SET history_retention", position)
        let microseconds = try retention(value)
        try locating(position) { () throws(DatabaseError) in
            try database.setHistoryRetention(microseconds: microseconds)
        }
    }

    /// `RESET history_retention`.
    func resetHistoryRetention(_ position: NodePosition) throws(DatabaseError) {
        try refuseInTransaction("RESET history_retention", position)
        try locating(position) { () throws(DatabaseError) in
            try database.setHistoryRetention(microseconds: HistoryRetention.standard)
        }
    }

    private func retention(_ value: SettingValue) throws(DatabaseError) -> Int64 {
        let position = value.position
        let text: String
        switch value {
        case .word(let word): text = word.text
        case .scalar(.literal(.text(let written), _)): text = written
        case .scalar(.literal(.unsigned(let number), _)): text = String(number)
        case .scalar(.literal(.quantity(let quantity), _)): text = SyntaxPrinter.spelling(of: quantity)
        case .scalar(.parameter(let number, _)):
            switch try parameter(number, position) {
            case .text(let bound): text = bound
            case .integer(let bound): text = String(bound)
            case .unsigned(let bound): text = String(bound)
            default: throw Self.mismatch("a time such as '7d'", position)
            }
        default: throw Self.mismatch("a time such as '7d'", position)
        }
        guard let microseconds = HistoryRetention.microseconds(text) else {
            throw DatabaseError(
                "22023", "history_retention cannot be \(text)",
                hint: "allowed: off, or a time in s, min, h, d or w, such as '7d' or '24h', up to 36500d",
                position: position.source)
        }
        return microseconds
    }
}
