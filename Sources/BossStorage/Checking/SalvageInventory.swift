/// A version of a cuboid that the source holds or once held.
struct SalvagedVersion {
    /// Orders versions: the commit, and for files whose commit is unknown their age within it.
    struct Order: Hashable, Comparable {
        var sequence: UInt64
        var age: Int64 = 0

        static func < (left: Order, right: Order) -> Bool {
            (left.sequence, left.age) < (right.sequence, right.age)
        }
    }

    var order: Order
    let kind: PageKind
    /// Voxel bits of a constant, else where the page lies.
    let offsetOrConstant: UInt64
    /// What the index says of the page's header; nil where only the page itself was found.
    let headerChecksum: UInt32?
    let file: Int
    /// Whether it is known to be the file's own: other files cannot have the same page.
    let isCertain: Bool
}

/// All versions of all cuboids, from indexes where they verify, and from a search through files where not.
///
/// Order of versions: by commit. A page of a log or of a compacted file names its commit; pages of a bulk load have
/// that of their file in the manifest, in the newest root that names it. Where no root does, the load counts as made
/// after every commit whose note or record is not later than the creation of the file, younger files later; and
/// before all others when that is unknown too.
struct SalvageInventory {
    var versions: [PageGroup: [UInt64: [SalvagedVersion]]] = [:]
    var tombstones: [PageGroup: [RangeTombstone]] = [:]
    var files: [SalvageFile] = []
    /// Where something is lost or may be.
    var remarks: [String] = []
    /// What a person may want to know beside, though nothing is lost by it.
    var notes: [String] = []
    /// Where cuboids are lost with their places.
    var stretches: [SalvageLostStretch] = []
    /// Times of commits that are known.
    var commitTimes: [UInt64: Int64] = [:]
    var newestSequence: UInt64 = 0
    /// Files whose commit no root tells, and when they were made.
    private(set) var undated: [Int: Int64] = [:]

    mutating func add(_ key: CuboidKey, _ version: SalvagedVersion) {
        versions[key.group, default: [:]][key.morton, default: []].append(version)
        if undated[version.file] == nil { newestSequence = max(newestSequence, version.order.sequence) }
    }

    mutating func add(_ tombstone: RangeTombstone) {
        tombstones[tombstone.group, default: []].append(tombstone)
        newestSequence = max(newestSequence, tombstone.sequence)
    }

    /// Whether a file that is sound, as far as this cuboid goes, has the page.
    func isIndexed(_ key: CuboidKey, _ checksum: UInt32) -> Bool {
        (versions[key.group]?[key.morton] ?? []).contains { $0.isCertain && $0.headerChecksum == checksum }
    }

    /// Takes over leaves of an index.
    mutating func add(
        _ leaves: [(group: PageGroup, entries: [IndexEntry])], _ file: Int, _ reference: SegmentReference?,
        isCertain: Bool
    ) {
        for (group, entries) in leaves {
            for entry in entries {
                let stamped = reference?.stamped(entry) ?? entry
                add(
                    CuboidKey(group: group, morton: entry.morton),
                    SalvagedVersion(
                        order: .init(sequence: stamped.sequence), kind: entry.kind,
                        offsetOrConstant: entry.offsetOrConstant,
                        headerChecksum: entry.isIndexOnly ? nil : entry.headerChecksum, file: file,
                        isCertain: isCertain))
            }
        }
    }

    mutating func add(
        _ page: SalvageScan.FoundPage, _ file: Int, _ reference: SegmentReference?, isCertain: Bool
    ) {
        let header = page.header
        if header.kind == .rangeTombstone {
            return add(
                RangeTombstone(
                    group: header.key.group, lowest: header.key.morton, highest: header.baseOrConstant,
                    sequence: header.sequence))
        }
        let isStored = header.kind == .full || header.kind == .delta
        let commit = reference?.commitSequence ?? 0
        add(
            header.key,
            SalvagedVersion(
                order: .init(sequence: header.sequence == 0 ? commit : header.sequence), kind: header.kind,
                offsetOrConstant: isStored ? page.offset : header.baseOrConstant,
                headerChecksum: isStored ? page.checksum : nil, file: file, isCertain: isCertain))
    }

    mutating func markUndated(_ file: Int, created: Int64) { undated[file] = created }

    /// Gives versions of undated files their place among the others.
    mutating func orderUndated() {
        guard !undated.isEmpty else { return }
        let times = commitTimes.sorted { $0.key < $1.key }
        var orders: [Int: SalvagedVersion.Order] = [:]
        for (file, created) in undated {
            let before = times.last { $0.value <= created }?.key ?? 0
            orders[file] = .init(sequence: before, age: max(1, created))
        }
        for (group, codes) in versions {
            for (code, list) in codes {
                for (index, version) in list.enumerated() where version.order.sequence == 0 {
                    if let order = orders[version.file] { versions[group]?[code]?[index].order = order }
                }
            }
        }
    }
}
