import BossCodec
import BossVoxels

/// Rewrites segments: what somebody needs is copied as it is stored, chains of deltas become full pages where no kept
/// commit tells them apart, the rest is left behind.
struct CompactionJob {
    let engine: StorageEngine
    let inputs: [Segment]
    let reader: VersionReader
    /// Called with the bytes of each page that was copied; it may wait, and throws to give the job up.
    let pace: (Int) throws(StorageError) -> Void

    private var inputIdentifiers: Set<FileIdentifier> { Set(inputs.map(\.reference.identifier)) }

    /// Writes and verifies the new segments.
    ///
    /// - Returns: their references, none when nothing is needed any more, and other segments of which less is needed now.
    ///   The files are removed after an error.
    func run() throws(StorageError) -> (outputs: [SegmentReference], relieved: Set<FileIdentifier>) {
        var writer = SegmentWriter(engine: engine)
        var relieved: Set<FileIdentifier> = []
        do throws(StorageError) {
            let own = inputIdentifiers
            try reader.forEachChunk(of: inputs) { (group, codes) throws(StorageError) in
                for (code, chain) in zip(codes, try reader.chains(group, codes)) {
                    if try write(chain, group, code, own, to: &writer) {
                        relieved.formUnion(chain.items.compactMap(\.segment))
                    }
                }
            }
            let references = try writer.finish()
            for reference in references { try verify(reference) }
            return (references, relieved.subtracting(own))
        } catch {
            writer.discard()
            throw error
        }
    }

    /// Writes what is needed of a cuboid; returns whether a deletion of a box was written out for it.
    private func write(
        _ chain: VersionChain, _ group: PageGroup, _ code: UInt64, _ own: Set<FileIdentifier>,
        to writer: inout SegmentWriter
    ) throws(StorageError) -> Bool {
        let mine = chain.items.filter { $0.segment.map(own.contains) ?? false }
        if let (base, deltas) = chain.foldable(within: own, kept: reader.kept) {
            try writeFolded(base, deltas, group, code, to: &writer)
            for item in mine where item.entry.sequence < base.entry.sequence && item.fate != .dead {
                try copy(item, group, to: &writer)
            }
        } else {
            for item in mine where item.fate != .dead { try copy(item, group, to: &writer) }
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.leaveDeletionOut) { return false }
        #endif
        // A deletion of a whole box is written out for the cuboids that it hides, so that its record can go once
        // all of them were seen.
        let hiding = chain.deletions.filter { deletion in
            mine.contains { $0.entry.sequence < deletion.sequence }
        }
        for deletion in hiding {
            let entry = IndexEntry(
                morton: code, sequence: deletion.sequence, kind: .tombstone, offsetOrConstant: 0,
                pageByteCount: UInt32(PageHeader.byteCount), headerChecksum: 0)
            try writer.append(entry, group: group, bytes: nil, fate: deletion.fate)
        }
        return !hiding.isEmpty
    }

    private func copy(
        _ item: VersionChain.Item, _ group: PageGroup, to writer: inout SegmentWriter
    ) throws(StorageError) {
        guard !item.entry.isIndexOnly else {
            return try writer.append(item.entry, group: group, bytes: nil, fate: item.fate)
        }
        let page = VoxelStorage(byteCount: Int(item.entry.pageByteCount), zeroed: false)
        let copied = page.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                var header = try item.store.verifiedPage(item.entry, group: group, into: buffer)
                // Pages of bulk segments learn their commit here.
                header.sequence = item.entry.sequence
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.copyWithoutCommit) { header.sequence = 0 }
                #endif
                let bytes = header.encoded()
                buffer.copyBytes(from: bytes)
                var entry = item.entry
                entry.headerChecksum = bytes.withUnsafeBytes {
                    UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
                }
                try writer.append(
                    entry, group: group, bytes: UnsafeRawBufferPointer(buffer), fate: item.fate)
            }
        }
        try copied.get()
        try pace(page.byteCount)
    }

    private func writeFolded(
        _ base: VersionChain.Item, _ deltas: [VersionChain.Item], _ group: PageGroup, _ code: UInt64,
        to writer: inout SegmentWriter
    ) throws(StorageError) {
        guard let newest = deltas.first else { return }
        #if SEEDED_DEFECTS
            let deltas = SeededDefect.isOn(.foldInWrongOrder) ? deltas.reversed() : deltas
        #endif
        let located = LocatedPage(
            morton: code, base: base.entry.version(in: base.store),
            deltas: deltas.map { $0.entry.version(in: $0.store) })
        let page = try engine.folded(located, group)
        let checksum = page.seal(sequence: newest.entry.sequence, database: engine.database)
        var entry = IndexEntry(
            page: page, sequence: newest.entry.sequence, offset: 0, headerChecksum: checksum)
        entry.baseAge = newest.entry.baseAge
        let stored = page.kind == .full
        let written = page.withBytes { bytes in
            Result { () throws(StorageError) in
                try writer.append(entry, group: group, bytes: stored ? bytes : nil, fate: .needed)
            }
        }
        try written.get()
        try pace(page.byteCount)
    }

    /// Reads a new segment back: what takes the place of others must be whole.
    private func verify(_ reference: SegmentReference) throws(StorageError) {
        let segment = Segment(reference: reference, origin: engine.origin)
        try segment.verifyPages(leaves: LeafCache(budget: 1 << 20), pace: pace)
    }
}

extension Segment {
    /// Verifies every page of the segment: headers, directories, bricks.
    ///
    /// - Throws: `.corrupt` naming file and offset of the first damage.
    func verifyPages(
        leaves: LeafCache, pace: (Int) throws(StorageError) -> Void = { _ in }
    ) throws(StorageError) {
        let opened = try open()
        for group in opened.index.groups {
            for number in group.firstLeaf..<group.firstLeaf + group.leafCount {
                let leaf = try leaves.leaf(number, group: group.group, of: opened, name: reference.path)
                for entry in leaf.entries where !entry.isIndexOnly {
                    let page = VoxelStorage(byteCount: Int(entry.pageByteCount), zeroed: false)
                    let verified = page.withUnsafeMutableBytes { buffer in
                        Result { () throws(StorageError) in
                            _ = try opened.store.verifiedPage(entry, group: group.group, into: buffer)
                        }
                    }
                    try verified.get()
                    try pace(page.byteCount)
                }
            }
        }
    }
}

extension StorageEngine {
    /// One full page with the bricks of a full page and the deltas above it, as they are stored.
    func folded(_ located: LocatedPage, _ group: PageGroup) throws(StorageError) -> EncodedPage {
        let resolved = try resolve(located, group)
        guard let directory = resolved.fullDirectory else {
            throw .corrupt(
                file: "cuboid \(located.morton)", offset: 0, reason: "deltas without a full page under them")
        }
        let header = directory.header
        var builder = PageBuilder(
            key: CuboidKey(group: group, morton: located.morton), kind: .full,
            encoder: BrickEncoder(
                voxelType: .uint8, brickByteCount: header.brickByteCount, preference: .none),
            voxelByteCount: header.voxelByteCount, brickByteCount: header.brickByteCount,
            brickCapacity: header.brickCount,
            scratch: VoxelStorage(byteCount: 64, zeroed: false))
        for brick in 0..<header.brickCount {
            try builder.append(
                brick: brick, copying: resolved.source(ofBrick: brick), backgroundBits: 0, from: self)
        }
        guard case .labels(let labels) = try self.labels(of: located, group) else {
            return builder.finish(labels: nil)
        }
        return builder.finish(labels: labels)
    }
}
