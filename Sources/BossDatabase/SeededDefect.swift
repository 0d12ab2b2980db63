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
        /// Going back to a savepoint keeps the voxels that were written since.
        case savepointKeepsVoxels
        /// The box around an ID is wrong where a cuboid begins.
        case boxesMissCuboidEdge
        /// Erasing a region deletes the cuboids at its border as a whole.
        case eraseBorderCuboids
        /// A full check takes summaries for right.
        case trustSummaries
        /// Questions by ID look for the ID alone, not for those that read as it.
        case lookUpWithoutMapping
        /// Scans see labels as they are stored.
        case scanWithoutMapping
        /// A restart forgets which IDs were given out.
        case forgetReservedIDs

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }

    extension VoxelBox {
        func missingEdge(of grid: CuboidGrid, isOn: Bool) -> VoxelBox {
            guard isOn else { return self }
            guard lower.x % grid.cuboid.x == 0 else { return self }
            return VoxelBox(
                x: lower.x + 1..<upper.x + 1, y: lower.y..<upper.y, z: lower.z..<upper.z)
        }
    }
#endif
