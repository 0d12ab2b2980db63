import BossGeometry
import BossStorage
import BossVoxels

extension Channel {
    /// IDs that the history names of a merge.
    private static let notedCount = 8

    /// Makes IDs read as another one from here on. No voxel is touched: the merge is written down, and every read goes by
    /// it. A restored version, or an older one that is read, shows the IDs as they were then.
    ///
    ///     try labels.mergeIDs([17, 23], into: 9)      // 2
    ///
    /// An ID that was merged before stands for what it reads as; so does the target. IDs need not have voxels.
    ///
    /// - Parameter transaction: a transaction to merge in; without one the merge is its own.
    /// - Returns: how many of the IDs read as another one now.
    /// - Throws: 22V08 for an image channel, 22023 for the background, 22003 for numbers that the voxels cannot hold,
    ///   53200 for more merged IDs than a channel may have, 25006; 40001 at the commit of a transaction when others
    ///   have merged IDs of the channel meanwhile.
    /// - Complexity: reads the channel's merged IDs once after each merge; writes about 16 bytes for each thousandth of
    ///   them, for each of the IDs.
    @discardableResult
    public func mergeIDs(
        _ ids: [UInt64], into target: UInt64, in transaction: Transaction? = nil
    ) throws(DatabaseError) -> Int {
        try requireMapped()
        for id in ids + [target] { try refuse(id) }
        let action = mergeWords(ids, target)
        if let transaction {
            let count = try add(ids, target, to: transaction)
            if count > 0 { transaction.note(action) }
            return count
        }
        // Merges of one channel meet in one page, whatever they merge: they take turns as writers of one cuboid do.
        let corner = VoxelBox(
            origin: box(at: try layout.baseLevel).lower, extent: VoxelExtent(x: 1, y: 1, z: 1))
        return try repeatingConflicts(in: corner) { () throws(DatabaseError) in
            let own = try database.beginStatement()
            var summary = WriteSummary()
            summary.changedVoxelCount = try add(ids, target, to: own)
            if summary.changedVoxelCount > 0 { own.note(action) }
            _ = try own.finish()
            return summary
        }.changedVoxelCount
    }

    /// - Throws: 22V08 for an image channel, 25006 where nothing can be written.
    func requireMapped() throws(DatabaseError) {
        guard isAnnotation else {
            throw DatabaseError(
                "22V08", "\(path) is an image channel, so its voxels are no IDs",
                hint: "name an annotation channel")
        }
        if database.isReadOnly { throw DatabaseError(StorageError.readOnly) }
    }

    private func refuse(_ id: UInt64) throws(DatabaseError) {
        guard !layout.isLabel(id) else { return }
        guard id != layout.backgroundBits else {
            throw DatabaseError(
                "22023", "\(id) is the background of \(path), which is no ID and cannot be merged")
        }
        throw DatabaseError(
            "22003", "\(id) does not fit \(voxelType.rawValue), the type of \(path)",
            hint: "it holds IDs up to \(UInt64.max >> UInt64(64 - voxelType.byteCount * 8))")
    }

    private func mergeWords(_ ids: [UInt64], _ target: UInt64) -> String {
        let named = ids.prefix(Self.notedCount).map(String.init).joined(separator: ", ")
        let more = ids.count > Self.notedCount ? " and \(ids.count - Self.notedCount) more" : ""
        return "MERGE IDS \(named)\(more) INTO \(target) IN \(path)"
    }

    private func add(
        _ ids: [UInt64], _ target: UInt64, to transaction: Transaction
    ) throws(DatabaseError) -> Int {
        try transaction.statement { () throws(DatabaseError) in
            let view = transaction.view
            let mapping = try mapping(in: view)
            let root = mapping?.root(of: target) ?? target
            var (moved, changed) = (Set<UInt64>(), Set<UInt64>())
            for id in ids {
                let old = mapping?.root(of: id) ?? id
                guard old != root else { continue }
                changed.insert(id)
                moved.insert(old)
            }
            guard !moved.isEmpty else { return 0 }
            let pages = try mappingPages(sending: moved, to: root, known: mapping?.count ?? 0, view.view)
            try transaction.add(pages.map { ($0, true) }, of: self)
            return changed.count
        }
    }

    /// The pages of a mapping that change when IDs that are not merged yet are sent to another one, the head among them.
    private func mappingPages(
        sending moved: Set<UInt64>, to root: UInt64, known: Int, _ view: View
    ) throws(DatabaseError) -> [EncodedPage] {
        guard known + moved.count <= LabelMapping.countLimit else { throw LabelMapping.overLimit(path) }
        let engine = database.engine
        let added = Dictionary(grouping: moved, by: MappingPage.bucket(of:))
        let (old, head) = try mappingErrors { () throws(StorageError) in
            (
                try engine.mappingPairs(of: layout.channel, buckets: added.keys.sorted(), in: view),
                try engine.mappingHead(of: layout.channel, in: view)
            )
        }
        var pages: [EncodedPage] = []
        for (bucket, ids) in added {
            // What was baked or undone leaves no pairs behind.
            let pairs = (old[bucket] ?? []) + ids.map { MappingPair(from: $0, to: root) }
            guard pairs.count <= MappingPage.pairLimit else { throw LabelMapping.overLimit(path) }
            pages.append(
                layout.mappingPage(bucket, MappingPage.encode(pairs.sorted { $0.from < $1.from })))
        }
        pages.append(
            layout.mappingPage(
                MappingPage.headCode,
                MappingPage.encode(
                    MappingHead(
                        pairCount: UInt64(known + moved.count),
                        changeCount: (head?.changeCount ?? 0) &+ 1))))
        return pages
    }
}

extension ChannelLayout {
    /// A page of the channel's mapping.
    func mappingPage(_ code: UInt64, _ bytes: [UInt8]) -> EncodedPage {
        EncodedPage.bytes(bytes, key: CuboidKey(group: .mapping(of: channel), morton: code))
    }

    /// A page that deletes a bucket of the channel's mapping.
    func mappingDeletion(_ bucket: UInt64) -> EncodedPage {
        EncodedPage.constant(
            key: CuboidKey(group: .mapping(of: channel), morton: bucket), bits: 0, voxelByteCount: 1,
            isTombstone: true)
    }
}

extension LabelMapping {
    /// 53200 for a channel with too many merged IDs.
    static func overLimit(_ path: String) -> DatabaseError {
        DatabaseError(
            "53200",
            "\(path) would have more merged IDs than fit: \(countLimit) in all, \(MappingPage.pairLimit) "
                + "of one kind",
            hint: "BAKE MAPPING OF \(path) writes them into the voxels")
    }
}
