import BossCodec

/// The merged IDs of a channel in one state, as its pages hold them.
package struct StoredMapping: Sendable {
    /// The head; nil where nothing was ever merged.
    package let head: MappingHead?
    /// Each merged ID with the one that it reads as, which is not merged itself.
    package let roots: [UInt64: UInt64]

    /// Follows pairs to their ends.
    ///
    /// - Throws: `.corrupt` where they lead in a circle, or are others than the head says.
    init(_ buckets: [[MappingPair]], head: MappingHead?, name: String) throws(StorageError) {
        let count = buckets.reduce(0) { $0 + $1.count }
        guard UInt64(count) == head?.pairCount ?? 0 else {
            throw .corrupt(
                file: name, offset: 0, reason: "\(count) merged IDs instead of \(head?.pairCount ?? 0)")
        }
        var roots = [UInt64: UInt64](minimumCapacity: count)
        for bucket in buckets { for pair in bucket { roots[pair.from] = pair.to } }
        var way: [UInt64] = []
        for bucket in buckets {
            for pair in bucket {
                way.removeAll(keepingCapacity: true)
                var id = pair.from
                // What was gone along before ends at once.
                while let next = roots[id] {
                    way.append(id)
                    id = next
                    guard way.count <= count else {
                        throw .corrupt(
                            file: name, offset: 0, reason: "merged IDs lead in a circle from \(pair.from)")
                    }
                }
                for passed in way { roots[passed] = id }
            }
        }
        self.head = head
        self.roots = roots
    }
}

/// Reads the pages of mappings out of a view, with or without an engine around it.
struct MappingReader {
    let view: View
    let directories: DirectoryCache

    /// All of a channel's mapping.
    ///
    /// - Throws: `.corrupt`.
    func mapping(of channel: UInt32) throws(StorageError) -> StoredMapping {
        let group = PageGroup.mapping(of: channel)
        guard let head = try head(of: channel) else {
            return try StoredMapping([], head: nil, name: group.words)
        }
        var buckets: [[MappingPair]] = []
        if head.pairCount > 0 {
            let codes = try view.writtenCodes(group, in: 0...MappingPage.bucketCount - 1)
            for page in try view.locate(group, codes: codes) {
                let pairs = try pairs(of: page, group)
                if !pairs.isEmpty { buckets.append(pairs) }
            }
        }
        return try StoredMapping(buckets, head: head, name: group.words)
    }

    /// The head of a channel's mapping; nil where nothing was ever merged.
    func head(of channel: UInt32) throws(StorageError) -> MappingHead? {
        let group = PageGroup.mapping(of: channel)
        guard let page = try view.locate(group, codes: [MappingPage.headCode]).first,
            let bytes = try bytes(of: page, group)
        else { return nil }
        let parsed = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try MappingPage.decodeHead(buffer, file: group.words) }
        }
        return try parsed.get()
    }

    /// The pairs of a bucket, none for one that does not exist.
    func pairs(of page: LocatedPage, _ group: PageGroup) throws(StorageError) -> [MappingPair] {
        guard let bytes = try bytes(of: page, group) else { return [] }
        let parsed = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in
                try MappingPage.decode(buffer, bucket: page.morton, file: group.words)
            }
        }
        return try parsed.get()
    }

    /// The bytes of a page of one raw brick; nil for one that does not exist.
    func bytes(of page: LocatedPage, _ group: PageGroup) throws(StorageError) -> [UInt8]? {
        guard let version = page.base, version.kind != .tombstone else { return nil }
        let key = CuboidKey(group: group, morton: page.morton)
        func damaged(_ reason: String) -> StorageError {
            .corrupt(file: version.store.name, offset: version.offset, reason: "\(key.words): \(reason)")
        }
        guard version.kind == .full, page.deltas.isEmpty else { throw damaged("it is no page of bytes") }
        let directory = try directories.directory(of: version, key: key)
        guard let entry = directory.entries.first, entry.codec == .raw else {
            throw damaged("it is no page of bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(entry.storedByteCount))
        let read = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                try version.store.read(into: buffer, at: version.offset + UInt64(entry.offset))
            }
        }
        try read.get()
        guard bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == entry.checksum else {
            throw damaged("checksum of its bytes")
        }
        return bytes
    }
}

/// Tells versions of pages apart for as long as the process runs.
package struct PageIdentity: Hashable, Sendable {
    private let store: UInt64
    private let offset: UInt64

    init(_ version: PageVersion) { (store, offset) = (version.store.storeNumber, version.offset) }
}

extension View {
    /// What tells one state of a channel's mapping from others; nil where nothing was ever merged. Costs one look at the
    /// index.
    package func mappingIdentity(of channel: UInt32) throws(StorageError) -> PageIdentity? {
        let head = try locate(.mapping(of: channel), codes: [MappingPage.headCode]).first
        return head?.base.flatMap { $0.kind == .tombstone ? nil : PageIdentity($0) }
    }
}

extension StorageEngine {
    /// The merged IDs of a channel.
    ///
    /// - Throws: `.corrupt`.
    package func mapping(of channel: UInt32, in view: View) throws(StorageError) -> StoredMapping {
        try MappingReader(view: view, directories: directories).mapping(of: channel)
    }

    /// The head of a channel's mapping; nil where nothing was ever merged.
    package func mappingHead(of channel: UInt32, in view: View) throws(StorageError) -> MappingHead? {
        try MappingReader(view: view, directories: directories).head(of: channel)
    }

    /// The pairs of some buckets of a channel's mapping, ascending.
    ///
    /// - Parameter buckets: ascending, without duplicates.
    package func mappingPairs(
        of channel: UInt32, buckets: [UInt64], in view: View
    ) throws(StorageError) -> [UInt64: [MappingPair]] {
        let reader = MappingReader(view: view, directories: directories)
        let group = PageGroup.mapping(of: channel)
        var found: [UInt64: [MappingPair]] = [:]
        for page in try view.locate(group, codes: buckets) {
            found[page.morton] = try reader.pairs(of: page, group)
        }
        return found
    }

    /// The buckets of a channel's mapping that were ever written, ascending.
    package func mappingBuckets(of channel: UInt32, in view: View) throws(StorageError) -> [UInt64] {
        try view.writtenCodes(.mapping(of: channel), in: 0...MappingPage.bucketCount - 1)
    }
}
