/// Merged IDs in a damaged database: pages that verify are taken over in their newest state, and get a new head.
extension Salvage {
    /// Writes what is left of one channel's merged IDs.
    ///
    /// A page that is lost takes its IDs along, which then read as they are stored. An older version never stands in for
    /// it: what was merged before may have been undone since, and could lead in a circle.
    func writeMapping(
        _ group: PageGroup, _ reading: SalvageReading, to writer: inout SalvageWriter,
        _ report: inout SalvageReport
    ) throws(StorageError) {
        let inventory = reading.inventory
        var buckets: [(code: UInt64, pairs: [MappingPair])] = []
        for (code, versions) in (inventory.versions[group] ?? [:]).sorted(by: { $0.key < $1.key })
        where code < MappingPage.bucketCount {
            let page = SalvagedCuboid(
                CuboidKey(group: group, morton: code), versions, inventory.tombstones[group] ?? [], inventory,
                database: reading.database)
            report.losses += page.losses
            report.lostBrickCount += page.lostBrickCount
            report.lostPageCount += page.lostPageCount
            report.pageCount += page.pageCount
            guard page.losses.isEmpty, case .full(let stored) = page.base,
                let entry = stored.examination.sound.first
            else { continue }
            do throws(StorageError) {
                let pairs = try Self.pairs(stored, entry, bucket: code)
                if !pairs.isEmpty { buckets.append((code, pairs)) }
            } catch {
                report.remarks.append("page \(code) of \(group.words) is left out: \(error.sentence)")
            }
        }
        guard !buckets.isEmpty else { return }
        let head = MappingHead(
            pairCount: UInt64(buckets.reduce(0) { $0 + $1.pairs.count }), changeCount: 1)
        do throws(StorageError) {
            _ = try StoredMapping(buckets.map(\.pairs), head: head, name: group.words)
        } catch {
            report.remarks.append("\(group.words), its merged IDs, is left out: \(error.sentence)")
            return
        }
        for (code, pairs) in buckets {
            try writer.add(
                .bytes(MappingPage.encode(pairs), key: CuboidKey(group: group, morton: code)))
        }
        try writer.add(
            .bytes(
                MappingPage.encode(head), key: CuboidKey(group: group, morton: MappingPage.headCode)))
    }

    private static func pairs(
        _ page: SalvagedPage, _ entry: BrickEntry, bucket: UInt64
    ) throws(StorageError) -> [MappingPair] {
        let parsed = page.stored(entry).withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try MappingPage.decode(bytes, bucket: bucket, file: "a page of merged IDs")
            }
        }
        return try parsed.get()
    }
}
