#if SEEDED_DEFECTS
    import BossGeometry
    import Synchronization

    /// Defects in the engine (see `ChosenDefect`), by what they break.
    enum SeededDefect: String {
        // Order of writes, flushes and publications

        /// The folder of a new log or segment file is not flushed.
        case omitFolderFlush
        /// The folder of the roots is not flushed.
        case omitRootFolderFlush
        /// A root is not flushed before it gets its name.
        case omitFlushBeforeRename
        /// A segment file is not flushed before a root names it.
        case nameBeforeFlush
        /// Commits are shown to readers of the process before they are flushed.
        case showBeforeFlush
        /// A flush that failed is tried again, and believed then.
        case retryFailedFlush
        /// Other processes are told of commits before they are flushed.
        case tellBeforeFlush
        /// The closing record of a log is not flushed.
        case closeWithoutFlush
        /// Sealing, loads and the end do not wait for commits that are under way.
        case skipDrain
        /// A commit returns before it is flushed and shown.
        case acknowledgeBeforePublish
        /// Compaction removes its inputs before the root without them is durable.
        case deleteInputsBeforeRoot
        /// The writer goes on after a write or flush has failed.
        case goOnAfterFailure
        /// A root now and then takes the number and the place of the one before.
        case reuseRootNumber

        // Recovery and verification

        /// A newest root that does not verify is passed over for an older one.
        case stepBackFromBadRoot
        /// Damage in the log is not told from a torn tail by the commits behind it.
        case skipLookAhead
        /// Recovery of the log does not verify bricks.
        case trustBricksOfLog
        /// The closing record of a log is believed although nobody knows that it was flushed.
        case trustClosingRecord
        /// A root that was found is taken for durable.
        case trustFoundRoot
        /// The checksum of a segment's footer is not looked at.
        case skipFooterChecksum
        /// Checksums of bricks are not looked at where these are decoded.
        case trustBricks
        /// Checksums of bricks are not looked at where these are copied out of a mapped file.
        case trustMappedBricks
        /// A check does not look at checksums of bricks.
        case checkOverlooksBricks
        /// Salvage passes over deltas.
        case salvageWithoutDeltas
        /// A second writer is let in.
        case openWithoutLock

        // Versions, deletions, history

        /// Compaction takes the oldest version of a cuboid for the newest and the other way round.
        case dropNewestVersion
        /// A chain of deltas is folded oldest over newest.
        case foldInWrongOrder
        /// A chain of deltas is folded although a snapshot or the history shows a state in between.
        case foldAcrossKeptCommits
        /// Compaction does not see that a snapshot needs a version.
        case ignoreSnapshots
        /// The oldest commit of the history loses the versions that only it shows.
        case endHistoryOneEarly
        /// Compaction does not write a deletion of a box out for the cuboids that it hides.
        case leaveDeletionOut
        /// A deletion of a box is forgotten while segments still hold what it hides.
        case forgetDeletionEarly
        /// A deletion of a box leaves its last cuboid.
        case hideOneCuboidLess
        /// A delta that was written over a box that its own commit deleted is hidden too.
        case hideDeltaOverDeletion
        /// What was not counted is not remembered over the next open.
        case forgetUncounted
        /// The newest commit of a cuboid, by which levels are known to be stale, does not see deletions.
        case summaryMissesDeletion
        /// A level that was loaded in bulk counts as made from everything before its commit.
        case loadVouchesForAll
        /// Sealing a log drops the deletions of boxes.
        case sealWithoutDeletions
        /// Sealing a log drops what the history says about loads.
        case forgetNotesOfLoads
        /// Commits count as readable although compaction has taken what they showed.
        case claimLostHistory
        /// Compacted segments do not say what the history needs of them.
        case forgetHeldBytes
        /// Pages of loads are copied without the number of their commit.
        case copyWithoutCommit
        /// Versions of a cuboid that go on in the next leaf of an index are not found.
        case endVersionsAtLeaf
        /// Compaction loses a cuboid between two chunks.
        case skipCodeBetweenChunks
        /// Lists of segments that overlap are searched as if they did not.
        case searchOverlappingShard
        /// Commits of what others have changed meanwhile are let through.
        case missConflicts

        // Readers

        /// Only the newest view of the process keeps its files.
        case losePins
        /// Files are removed as soon as no root names them, whoever reads them.
        case collectByAge
        /// Files go one root before the last view that needs them.
        case reclaimOneRootEarly
        /// The search for files that no root names takes those of loads under way.
        case sweepOwnFiles
        /// Readers of other processes do not count.
        case ignoreLeases
        /// A reader takes over what the writer has not flushed.
        case readUnflushed
        /// A reader's lease names the newest root it goes by.
        case leaseNamesNewestRoot
        /// Closing a file that was not used for long takes it away from who still holds it.
        case evictPinned
        /// Numbers that caches know files by are used again.
        case reuseStoreNumbers

        // Full disk, files

        /// No room is made sure of beforehand, and a batch that did not fit stays in part.
        case halfBatchOnFullDisk
        /// The reserve for a full disk is never given up.
        case keepReserve
        /// A compaction that is given up leaves its files.
        case keepFilesOfGivenUpJob
        /// A write that the system did in part counts as done.
        case acceptShortWrite
        /// A backup lacks what is in the live log.
        case backUpWithoutLog
        /// A backup lacks deletions that are in the live log.
        case backUpWithoutDeletions
        /// A backup does not read back what it has written.
        case trustCopies
        /// The index of a sealed log lacks the last entry of each group.
        case sealWithoutLastEntry
        /// A shard says that its keys end where its last segment starts.
        case narrowShards
        /// The label index of a file lacks its last entry.
        case indexWithoutEntry
        /// Where a label index starts at its second block, entries of the first are not found.
        case labelBlockOffByOne
        /// A label that a page has more than once is counted once.
        case summaryMiscounts
        /// A label keeps its box when the voxels at the box's edge are gone.
        case summaryKeepsBoxes
        /// A delta does not say which labels are gone.
        case summaryKeepsGoneLabels
        /// Pages that were overwritten still tell labels.
        case labelsOfOldPages
        /// Of two deltas the older one tells a label.
        case olderDeltaTellsLabels
        /// Labels in the log are not found.
        case labelsWithoutLog

        private static let chosen = ChosenDefect.name.flatMap(SeededDefect.init(rawValue:))

        static func isOn(_ defect: SeededDefect) -> Bool { chosen == defect }
    }

    extension StorageEngine {
        /// Shows a batch at once, and leaves nothing to show later.
        func showEarly(
            _ entries: [(group: PageGroup, entry: IndexEntry)], _ sequence: UInt64, _ log: ActiveLog
        ) -> [(group: PageGroup, entry: IndexEntry)] {
            published.withLock { published in
                published.memtable.insert(entries, store: log.store)
                published.sequence = max(published.sequence, sequence)
            }
            return []
        }

        func tellEarly(_ log: ActiveLog, _ state: WriterState) {
            log.flushedEnd = log.end
            writeStatus(state)
        }

        func noteClosed(_ log: ActiveLog, _ state: WriterState) {
            tellEarly(log, state)
            state.log = nil
        }

        func removeEarly(_ inputs: [Segment]) {
            for input in inputs { try? fileSystem.unlink(input.reference.path) }
        }

        func reuseNumber(of root: inout ManifestRoot) {
            guard root.number > 2, root.number % 3 == 0 else { return }
            root.number -= 1
            try? fileSystem.unlink(ManifestRoot.path(number: root.number))
        }
    }

    extension Manifest {
        func newestReadable() throws(StorageError) -> ManifestRoot {
            for number in try numbers().sorted(by: >) {
                if let root = try? load(number) { return root }
            }
            throw .notADatabase(path: fileSystem.displayPath)
        }
    }

    extension [VersionChain.Item] {
        mutating func swapFatesOfEnds() {
            guard count > 1 else { return }
            (self[0].fate, self[count - 1].fate) = (self[count - 1].fate, self[0].fate)
        }
    }

    extension Memtable {
        var indexEntriesButLast: [PageGroup: [IndexEntry]] {
            groups.mapValues { $0.dropLast($0.count > 1 ? 1 : 0).map(\.index) }
        }
    }

    /// Excludes nobody.
    final class NoLock: FileLock {
        func release() {}
    }
#endif
