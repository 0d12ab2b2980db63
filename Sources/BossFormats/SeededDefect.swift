#if SEEDED_DEFECTS
    import BossGeometry

    /// Defects in the reading of volume files (see `ChosenDefect`).
    enum SeededDefect: String {
        /// Declared lengths are multiplied without a look at overflow and limit.
        case multiplyUnchecked

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }
#endif
