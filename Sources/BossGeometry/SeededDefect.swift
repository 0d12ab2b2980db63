#if SEEDED_DEFECTS
    #if canImport(FoundationEssentials)
        import FoundationEssentials
    #else
        import Foundation
    #endif

    /// Which defect `make defects` wants in this process: docs/TESTING.md, "Seeded defects".
    ///
    /// Every module has the defects that are planted in it in an enum of its own. All of it is compiled with
    /// `SEEDED_DEFECTS` only.
    package enum ChosenDefect {
        /// From `BOSSQL_DEFECT`; nil for none.
        package static let name = ProcessInfo.processInfo.environment["BOSSQL_DEFECT"]
    }

    /// Defects in the Morton codes of a block.
    enum SeededDefect: String {
        /// An octant whose last plane is the block's first counts as outside.
        case octantOffByOne
        /// BIGMIN stops early for codes that end in 101.
        case bigminOnePattern

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }
#endif
