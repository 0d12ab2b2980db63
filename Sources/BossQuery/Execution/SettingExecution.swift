import BossDatabase

/// SET and RESET.
extension StatementExecutor {
    /// Changes a setting of the session, or of the database.
    ///
    /// - Throws: 42704 for an unknown setting, 42804 for a value of the wrong kind, 22023 for one that is not
    ///   allowed, 0A000.
    mutating func change(_ setting: SettingStatement) throws(DatabaseError) -> ResultValue {
        let name = try settingName(setting.name)
        if case .setForAll = setting.action, name != .historyRetention {
            throw Self.notSupported("ALTER SYSTEM", setting.position)
        }
        switch (setting.action, name) {
        case (.set(let value), .historyRetention), (.setForAll(let value), .historyRetention):
            try setHistoryRetention(value, setting.position)
        case (.reset, .historyRetention): try resetHistoryRetention(setting.position)
        case (.set(let value), .maxResultBytes), (.setForAll(let value), .maxResultBytes):
            state.settings.maxResultBytes = try byteCount(value)
        case (.set(let value), .staleLevels), (.setForAll(let value), .staleLevels):
            state.settings.staleLevels = try staleLevels(value)
        case (.reset, .maxResultBytes): state.settings.maxResultBytes = Settings().maxResultBytes
        case (.reset, .staleLevels): state.settings.staleLevels = Settings().staleLevels
        }
        if case .reset = setting.action { return .tag("RESET", count: nil) }
        return .tag("SET", count: nil)
    }

    private func settingName(_ name: Identifier) throws(DatabaseError) -> SettingName {
        if let found = SettingName(rawValue: name.folded) { return found }
        let near = NearMiss.best(for: name.folded, among: SettingName.allCases.map(\.rawValue))
        throw DatabaseError(
            "42704", "there is no setting \(name.text)",
            hint: near.map { "did you mean \($0)?" } ?? "SHOW SETTINGS lists them",
            position: name.position.source)
    }

    private func byteCount(_ value: SettingValue) throws(DatabaseError) -> Int {
        let position = value.position
        let limits = 1...1 << 40
        guard case .scalar(let scalar) = value else {
            throw Self.mismatch("a number of bytes such as 1GiB", position)
        }
        let count: Double
        switch scalar {
        case .literal(.quantity(let quantity), _) where quantity.unit.dimension == .byteCount:
            count = quantity.baseValue
        case .literal(.unsigned, _), .literal(.signed, _), .literal(.float, _), .parameter:
            count = try number(scalar)
        default: throw Self.mismatch("a number of bytes such as 1GiB", position)
        }
        guard let whole = Int(exactly: count), limits.contains(whole) else {
            throw DatabaseError(
                "22023", "max_result_bytes cannot be \(SyntaxPrinter.spelling(of: scalar, parameters))",
                hint: "allowed: whole bytes from 1 to 1TiB", position: position.source)
        }
        return whole
    }

    private func staleLevels(_ value: SettingValue) throws(DatabaseError) -> Settings.StaleLevels {
        let position = value.position
        let word: String
        switch value {
        case .word(let identifier): word = identifier.text
        case .scalar(.literal(.text(let text), _)): word = text
        case .scalar(.parameter(let number, _)):
            guard case .text(let text) = try parameter(number, position) else {
                throw Self.mismatch("warn or compute", position)
            }
            word = text
        default: throw Self.mismatch("warn or compute", position)
        }
        switch Settings.StaleLevels(rawValue: word.lowercased()) {
        case .warn?: return .warn
        case .compute?: throw Self.notSupported("stale_levels = compute", position)
        case nil:
            throw DatabaseError(
                "22023", "stale_levels cannot be \(word)", hint: "allowed: warn or compute",
                position: position.source)
        }
    }
}

extension SyntaxPrinter {
    /// A constant as it is written; of a parameter its value.
    fileprivate static func spelling(of scalar: Scalar, _ parameters: [Parameter]) -> String {
        switch scalar {
        case .literal(let literal, _): return spelling(of: literal)
        case .parameter(let number, _):
            guard parameters.indices.contains(number - 1) else { return "$\(number)" }
            switch parameters[number - 1] {
            case .integer(let value): return String(value)
            case .unsigned(let value): return String(value)
            case .float(let value): return spelling(of: value)
            default: return "$\(number)"
            }
        }
    }
}
