import BossCodec

/// What is left of one cuboid: its newest state from the pages that verify.
struct SalvagedCuboid {
    /// Where a brick comes from; nil for one that is lost.
    struct Source {
        let page: SalvagedPage
        let entry: BrickEntry
    }
    enum Base {
        case nothing
        case constant(bits: UInt64)
        case full(SalvagedPage)
    }

    let key: CuboidKey
    private(set) var base = Base.nothing
    /// Bricks of deltas above the base, by brick; nil for those that are lost.
    private(set) var replaced: [Int: Source?] = [:]
    private(set) var losses: [SalvageLoss] = []
    /// Bricks of the newest state that are lost.
    private(set) var lostBrickCount = 0
    private(set) var lostPageCount = 0
    private(set) var pageCount = 0
    /// Bytes of the pages that count.
    private(set) var byteCount: UInt64 = 0

    /// A page of which nothing but the key is known.
    private struct Pending {
        let order: SalvagedVersion.Order
        let isWhole: Bool
        /// Bricks that newer versions hold.
        let held: [Int]
        let path: String
    }

    /// Goes through the versions from the newest to the first that stands for itself.
    ///
    /// A brick that is damaged becomes background, or the value of a cuboid of one value below it. Where nothing but
    /// the key of a page is known, the version before it stands in, if there is one.
    init(
        _ key: CuboidKey, _ versions: [SalvagedVersion], _ tombstones: [RangeTombstone],
        _ inventory: SalvageInventory, database: FileIdentifier
    ) {
        self.key = key
        let deleted = tombstones.reduce(UInt64(0)) { $1.contains(key.morton) ? max($0, $1.sequence) : $0 }
        let orders = Dictionary(grouping: versions, by: \.order).sorted { $0.key > $1.key }
        var pending: [Pending] = []
        var standIn: UInt64?
        var shape: PageHeader?
        loop: for (order, same) in orders {
            // A page of the same commit was written after the deletion; a load's pages are all of one commit.
            if order.sequence < deleted { break }
            // A deletion of a single cuboid may share its number with what was written above it.
            for version in same.sorted(by: { Self.rank($0.kind) < Self.rank($1.kind) }) {
                switch version.kind {
                case .tombstone, .rangeTombstone:
                    break loop
                case .constant:
                    base = .constant(bits: version.offsetOrConstant)
                    standIn = order.sequence
                    showConstant(order.sequence)
                    break loop
                case .delta, .full: break
                }
            }
            let stored = same.filter { $0.kind == .delta || $0.kind == .full }
            guard let (page, path) = Self.best(stored, key, inventory, database),
                Self.belong(page.header, shape)
            else {
                if let first = stored.first {
                    pending.append(
                        Pending(
                            order: order, isWhole: first.kind == .full, held: replaced.keys.sorted(),
                            path: inventory.files[first.file].path))
                }
                // Merged IDs that were undone since must not come back beside those of today.
                if key.group.isMapping { break loop }
                continue
            }
            shape = page.header
            pageCount += 1
            byteCount += UInt64(page.bytes.count)
            if !pending.isEmpty, standIn == nil { standIn = order.sequence }
            if page.header.kind == .delta {
                if !takeDelta(page, order, path) {
                    pending.append(
                        Pending(order: order, isWhole: false, held: replaced.keys.sorted(), path: path))
                }
            } else {
                takeFull(page, order, path)
                break
            }
        }
        for lost in pending {
            lostPageCount += 1
            losses.append(
                SalvageLoss(
                    group: key.group, morton: key.morton, commit: lost.order.sequence,
                    extent: lost.isWhole ? .cuboid(except: lost.held) : .someBricks(except: lost.held),
                    substitute: standIn.map { .olderVersion(commit: $0) } ?? .background, path: lost.path))
        }
    }

    /// What the cuboid says about a commit, if it is a note that verifies.
    var note: CommitNote? {
        guard key.group == SystemGroup.notes, case .full(let page) = base,
            let entry = page.examination.sound.first, entry.codec == .raw
        else { return nil }
        return page.stored(entry).withUnsafeBytes { try? CommitNote($0, file: "") }
    }

    /// The bricks that are left, ascending; without those of a cuboid of one value.
    var bricks: [(brick: Int, source: Source)] {
        var sources = replaced.compactMapValues { $0 }
        if case .full(let page) = base {
            for entry in page.examination.sound where replaced[Int(entry.brickIndex)] == nil {
                sources[Int(entry.brickIndex)] = Source(page: page, entry: entry)
            }
        }
        return sources.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func rank(_ kind: PageKind) -> Int { kind == .delta || kind == .full ? 0 : 1 }

    /// The page of one version that can be used best; the same version may stand in several files.
    private static func best(
        _ versions: [SalvagedVersion], _ key: CuboidKey, _ inventory: SalvageInventory,
        _ database: FileIdentifier
    ) -> (SalvagedPage, String)? {
        var best: (page: SalvagedPage, path: String)?
        for version in versions {
            let file = inventory.files[version.file]
            guard let page = file.page(at: version.offsetOrConstant, database: database),
                page.header.key == key, page.header.kind == version.kind,
                version.headerChecksum.map({ $0 == page.headerChecksum }) ?? true
            else { continue }
            if page.examination.isSound { return (page, file.path) }
            if best.map({ $0.page.examination.sound.count < page.examination.sound.count }) ?? true {
                best = (page, file.path)
            }
        }
        return best
    }

    /// - Returns: false when it is not known which bricks the delta holds.
    private mutating func takeDelta(
        _ page: SalvagedPage, _ order: SalvagedVersion.Order, _ path: String
    ) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.salvageWithoutDeltas) { return true }
        #endif
        guard page.examination.isDirectorySound else { return false }
        for entry in page.examination.sound where replaced[Int(entry.brickIndex)] == nil {
            replaced.updateValue(Source(page: page, entry: entry), forKey: Int(entry.brickIndex))
        }
        lose(page.examination.damage.compactMap(\.brick), order, path)
        return true
    }

    /// Bricks above a cuboid of one value that are lost show that value.
    private mutating func showConstant(_ commit: UInt64) {
        replaced = replaced.filter { $0.value != nil }
        losses = losses.map { loss in
            SalvageLoss(
                group: loss.group, morton: loss.morton, commit: loss.commit, extent: loss.extent,
                substitute: .olderVersion(commit: commit), path: loss.path)
        }
    }

    /// Whether a page has the same bricks as the newer ones of its cuboid.
    private static func belong(_ header: PageHeader, _ newer: PageHeader?) -> Bool {
        guard let newer else { return true }
        return header.brickByteCount == newer.brickByteCount && header.voxelByteCount == newer.voxelByteCount
    }

    private mutating func takeFull(_ page: SalvagedPage, _ order: SalvagedVersion.Order, _ path: String) {
        base = .full(page)
        lose(page.examination.damage.compactMap(\.brick), order, path)
    }

    /// Notes bricks that are lost unless a newer version holds them.
    private mutating func lose(_ bricks: [Int], _ order: SalvagedVersion.Order, _ path: String) {
        let lost = bricks.filter { replaced[$0] == nil }.sorted()
        guard !lost.isEmpty else { return }
        for brick in lost { replaced.updateValue(Source?.none, forKey: brick) }
        lostBrickCount += lost.count
        losses.append(
            SalvageLoss(
                group: key.group, morton: key.morton, commit: order.sequence, extent: .bricks(lost),
                substitute: .background, path: path))
    }
}
