import BossStorage

extension Channel {
    /// Adds the pages that bring the merged IDs of an older state back.
    ///
    /// - Parameter old: nil for a state without merged IDs.
    /// - Returns: whether there was anything to change.
    func addMapping(of old: View?, to bulk: BulkTransaction) throws(DatabaseError) -> Bool {
        guard isAnnotation else { return false }
        let (engine, channel) = (database.engine, layout.channel)
        return try mappingErrors { () throws(StorageError) -> Bool in
            let now = bulk.base
            guard try old?.mappingIdentity(of: channel) != now.mappingIdentity(of: channel) else {
                return false
            }
            let before = try engine.mappingBuckets(of: channel, in: now)
            let wanted = try old.map { (old) throws(StorageError) in
                try engine.mappingBuckets(of: channel, in: old)
            }
            let buckets = Set(before).union(wanted ?? []).sorted()
            let pairs = try engine.mappingPairs(of: channel, buckets: buckets, in: now)
            let oldPairs = try old.map { (old) throws(StorageError) in
                try engine.mappingPairs(of: channel, buckets: buckets, in: old)
            }
            var (count, isChanged) = (0, false)
            for bucket in buckets {
                let target = oldPairs?[bucket] ?? []
                count += target.count
                guard target != pairs[bucket] ?? [] else { continue }
                isChanged = true
                let page =
                    target.isEmpty
                    ? layout.mappingDeletion(bucket) : layout.mappingPage(bucket, MappingPage.encode(target))
                try bulk.add(page, dependsOnBase: true)
            }
            guard isChanged else { return false }
            let head = try engine.mappingHead(of: channel, in: now)
            let newHead = MappingHead(
                pairCount: UInt64(count), changeCount: (head?.changeCount ?? 0) &+ 1)
            try bulk.add(
                layout.mappingPage(MappingPage.headCode, MappingPage.encode(newHead)), dependsOnBase: true)
            return true
        }
    }
}
