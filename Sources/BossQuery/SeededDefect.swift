#if SEEDED_DEFECTS
    import BossGeometry

    /// Defects in the language (see `ChosenDefect`).
    enum SeededDefect: String {
        /// Statements may be nested as deep as the stack is.
        case nestWithoutLimit

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }
#endif
