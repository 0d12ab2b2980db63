import BossStorage

/// What is known of a database that was closed, and the verdict on what damage does to it.
struct ClosedDatabase {
    enum Verdict: String {
        /// Every voxel is as it was written.
        case harmless
        /// An error, and no voxels.
        case detected
    }

    let files: SimulatedFileSystem
    let options: StorageOptions
    let sequence: UInt64
    let state: ModelState
    /// Where to look; codes ascend.
    let groups: [(group: PageGroup, codes: [UInt64])]

    /// Opens a damaged copy and reads everything.
    ///
    /// - Throws: `TestFailure` when voxels are wrong without an error.
    func verdict(
        on copy: SimulatedFileSystem, asWriter: Bool, _ bricks: TestBricks, _ what: () -> String
    ) throws -> Verdict {
        do {
            let engine = try StorageEngine.open(
                fileSystem: copy, mode: asWriter ? .readWrite(create: true) : .readOnly, options: options)
            let view = try engine.view()
            guard view.sequence == sequence else {
                throw TestFailure("\(what()): commit \(view.sequence) is the newest, not \(sequence)")
            }
            if let difference = try bricks.difference(engine, view, state, groups: groups) {
                throw TestFailure("\(what()): \(difference)")
            }
            for (group, codes) in groups {
                let written = codes.filter { state.cuboids[CuboidKey(group: group, morton: $0)] != nil }
                guard try view.writtenCodes(group, in: 0...UInt64.max) == written else {
                    throw TestFailure("\(what()): written codes of \(group)")
                }
            }
            return .harmless
        } catch _ as StorageError {
            return .detected
        }
    }
}
