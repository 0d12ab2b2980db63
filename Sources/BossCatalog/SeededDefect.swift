#if SEEDED_DEFECTS
    import BossGeometry

    /// Defects in the catalog (see `ChosenDefect`).
    enum SeededDefect: String {
        /// The catalog does not note which commits of the engine it has.
        case forgetAppliedCommit
        /// What a transaction has taken back is done again by its redo.
        case keepRolledBackRedo

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }
#endif
