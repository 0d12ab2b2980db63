#if SEEDED_DEFECTS
    import BossGeometry

    /// Defects in the facade (see `ChosenDefect`).
    enum SeededDefect: String {
        /// A catalog that a crash left behind the voxels is not brought up to date at open.
        case skipRedo
        /// An older catalog gives channel numbers away that voxels have already.
        case giveNumbersAwayAgain
        /// A cancelled operation goes on.
        case ignoreCancellation
        /// Erasing a region deletes the cuboids at its border as a whole.
        case eraseBorderCuboids

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }
#endif
