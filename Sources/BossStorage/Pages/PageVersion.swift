/// One version of a cuboid: where its page lies, or its constant.
package struct PageVersion: Sendable {
    /// The commit that wrote it.
    package let sequence: UInt64
    /// The newest commit that its writer could see: a level built in bulk shows nothing newer, although other
    /// commits may have come in between.
    package let baseSequence: UInt64
    /// Full, delta, constant or tombstone.
    package let kind: PageKind
    /// Voxel bits of a constant or tombstone.
    package let constantBits: UInt64
    let store: any PageStore
    let offset: UInt64
    let byteCount: UInt32
    let headerChecksum: UInt32
    /// Whether its labels are known without a look at its voxels.
    var isLabelled = false
}

/// The versions that make up a cuboid in a view: at most one base and the deltas above it.
package struct LocatedPage: Sendable {
    /// The cuboid.
    package let morton: UInt64
    /// The newest full, constant or tombstone version; nil when the cuboid was never written.
    package let base: PageVersion?
    /// Deltas newer than the base, newest first; at most 4 as written.
    package let deltas: [PageVersion]

    /// The newest commit that touched the cuboid, 0 when none did.
    package var newestSequence: UInt64 {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.summaryMissesDeletion), base?.kind == .tombstone { return 0 }
        #endif
        return deltas.first?.sequence ?? base?.sequence ?? 0
    }

    /// The newest commit that the cuboid's newest version was made from, 0 for an unwritten one.
    package var newestBaseSequence: UInt64 { deltas.first?.baseSequence ?? base?.baseSequence ?? 0 }
}

/// Collects the versions of one cuboid, in any order, up to a sequence number.
struct VersionCollector {
    private let limit: UInt64
    private var base: PageVersion?
    private var deltas: [PageVersion] = []

    init(limit: UInt64) { self.limit = limit }

    mutating func add(_ version: PageVersion) {
        guard version.sequence <= limit else { return }
        if version.kind == .delta {
            deltas.append(version)
        } else if base.map({ $0.sequence < version.sequence }) ?? true {
            base = version
        }
    }

    /// Whether some version was added.
    var isEmpty: Bool { base == nil && deltas.isEmpty }

    /// Hides what is older than a deletion. A page of the same commit was written after it.
    mutating func hide(by tombstone: RangeTombstone) {
        guard tombstone.sequence <= limit, base.map({ $0.sequence < tombstone.sequence }) ?? true else {
            return
        }
        base = tombstone.version(in: NoPageStore.shared)
    }

    func located(morton: UInt64) -> LocatedPage {
        guard !deltas.isEmpty else { return LocatedPage(morton: morton, base: base, deltas: []) }
        // A delta of the same commit was written over a box that the commit had deleted.
        let floor = base?.sequence ?? 0
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.hideDeltaOverDeletion) {
                let younger = deltas.filter { $0.sequence > floor }.sorted { $0.sequence > $1.sequence }
                return LocatedPage(morton: morton, base: base, deltas: younger)
            }
        #endif
        let above = deltas.filter { $0.sequence >= floor }.sorted { $0.sequence > $1.sequence }
        return LocatedPage(morton: morton, base: base, deltas: above)
    }
}
