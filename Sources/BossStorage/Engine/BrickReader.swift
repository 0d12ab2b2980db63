import BossCodec
import BossGeometry
package import BossVoxels

/// Where the voxels of one brick come from.
package enum BrickSource: Sendable {
    /// Never written: background.
    case background
    /// One value.
    case constant(UInt64)
    /// Stored bytes.
    case stored(StoredBrick)
}

/// A stored brick: its page and its place in the page's directory.
package struct StoredBrick: Sendable {
    let store: any PageStore
    let pageOffset: UInt64
    let directory: PageDirectory
    let entryIndex: Int

    var entry: BrickEntry { directory.entries[entryIndex] }
    var offset: UInt64 { pageOffset + UInt64(entry.offset) }
    /// Bytes in the file.
    package var storedByteCount: Int { Int(entry.storedByteCount) }
    /// Whether reading it needs no decoder.
    package var isRaw: Bool { entry.codec == .raw }
    /// Whether it is stored as runs of labels.
    package var isLabels: Bool { entry.codec == .label }
    /// Bytes of its voxels.
    package var brickByteCount: Int { directory.header.brickByteCount }
}

/// A located cuboid with its directories at hand.
package struct ResolvedPage: Sendable {
    /// The cuboid.
    package let morton: UInt64
    /// Its versions.
    package let located: LocatedPage
    private let base: PageVersion?
    private let baseDirectory: PageDirectory?
    private let deltas: [(version: PageVersion, directory: PageDirectory)]

    init(
        page: LocatedPage, baseDirectory: PageDirectory?,
        deltas: [(version: PageVersion, directory: PageDirectory)]
    ) {
        morton = page.morton
        located = page
        // A deleted cuboid reads as one that was never written.
        base = page.base?.kind == .tombstone ? nil : page.base
        self.baseDirectory = baseDirectory
        self.deltas = deltas
    }

    /// Whether there is anything but background.
    package var isWritten: Bool { base != nil || !deltas.isEmpty }
    /// The one value of the whole cuboid, if that is known without looking at bricks.
    package var constantBits: UInt64? {
        guard deltas.isEmpty, let base, baseDirectory == nil else { return nil }
        return base.constantBits
    }
    /// The directory of the full page underneath, if there is one.
    var fullDirectory: PageDirectory? { baseDirectory }
    /// Deltas above the base.
    package var deltaCount: Int { deltas.count }
    /// Sequence number of the base, 0 without one.
    package var baseSequence: UInt64 { base?.sequence ?? 0 }

    /// The newest version of a brick.
    package func source(ofBrick brickIndex: Int) -> BrickSource {
        for delta in deltas {
            if let position = delta.directory.entryIndex(ofBrick: brickIndex) {
                return source(delta.version, delta.directory, position)
            }
        }
        guard let base else { return .background }
        guard let baseDirectory else { return .constant(base.constantBits) }
        guard let position = baseDirectory.entryIndex(ofBrick: brickIndex) else { return .background }
        return source(base, baseDirectory, position)
    }

    private func source(_ version: PageVersion, _ directory: PageDirectory, _ position: Int) -> BrickSource {
        let entry = directory.entries[position]
        if entry.codec == .constant { return .constant(entry.constantBits) }
        return .stored(
            StoredBrick(
                store: version.store, pageOffset: version.offset, directory: directory, entryIndex: position))
    }
}

/// Identifies a stored brick for ever: files never change and store numbers are never used again.
package struct BrickKey: Hashable, Sendable {
    let store: UInt64
    let offset: UInt64
}

/// What decoding makes of a stored brick; nobody writes to it any more.
package enum DecodedBrick: Sendable {
    /// Dense C-order voxels.
    case voxels(VoxelStorage)
    /// Labels as runs, a small part of their voxels' memory.
    case runs(RunArray)

    /// Memory that it takes.
    var weight: Int {
        switch self {
        case .voxels(let voxels): voxels.byteCount
        case .runs(let array): array.byteCount
        }
    }
}

/// Whether a read's bricks are worth keeping.
package enum CacheHint: Sendable {
    /// Keep decoded bricks in the pool.
    case interactive
    /// Use the pool, but leave it as it is.
    case scan
}

/// What one brick read did.
package struct BrickReadCost: Sendable {
    /// Bytes taken from a file.
    package var readByteCount = 0
    /// Bricks decompressed.
    package var decodedCount = 0
    /// Bricks found decoded.
    package var cachedCount = 0

    /// Nothing.
    package init() {}
}

extension StorageEngine {
    /// Loads the directories of located pages.
    ///
    /// - Throws: `.corrupt` naming the file of a damaged page.
    package func resolve(_ page: LocatedPage, _ group: PageGroup) throws(StorageError) -> ResolvedPage {
        let key = CuboidKey(group: group, morton: page.morton)
        var baseDirectory: PageDirectory?
        if let base = page.base, base.kind == .full {
            baseDirectory = try directories.directory(of: base, key: key)
        }
        guard !page.deltas.isEmpty else {
            return ResolvedPage(page: page, baseDirectory: baseDirectory, deltas: [])
        }
        var deltas: [(version: PageVersion, directory: PageDirectory)] = []
        for version in page.deltas {
            deltas.append((version, try directories.directory(of: version, key: key)))
        }
        return ResolvedPage(page: page, baseDirectory: baseDirectory, deltas: deltas)
    }

    /// Asks for the stored bytes of bricks to be read ahead, if they were not read before.
    package func prefetch(_ bricks: [StoredBrick]) {
        var run: (mapping: any FileMapping, start: Int, end: Int)?
        let gap = 256 << 10
        for brick in bricks where !brick.directory.isVerified(brick.entryIndex) {
            let end = brick.offset + UInt64(brick.storedByteCount)
            guard let mapping = brick.store.mapping(covering: end) else { continue }
            let (start, stop) = (Int(brick.offset), Int(end))
            if let current = run, current.mapping === mapping, start >= current.start,
                start <= current.end + gap
            {
                run?.end = max(current.end, stop)
                continue
            }
            run.map { $0.mapping.willNeed(from: $0.start, byteCount: $0.end - $0.start) }
            run = (mapping, start, stop)
        }
        run.map { $0.mapping.willNeed(from: $0.start, byteCount: $0.end - $0.start) }
    }

    /// Copies a box out of a brick.
    ///
    /// Raw bricks are copied straight from the mapped file, after their checksum was verified once; others
    /// are decoded into the pool.
    /// - Throws: `.corrupt` naming file and offset when the stored bytes do not verify.
    package func copy(
        _ brick: StoredBrick, plan: inout VoxelCopy.Plan, hint: CacheHint, cost: inout BrickReadCost
    ) throws(StorageError) {
        if brick.isRaw,
            let mapping = brick.store.mapping(covering: brick.offset + UInt64(brick.storedByteCount))
        {
            try copyMapped(brick, mapping, &plan, &cost)
            return
        }
        switch try content(of: brick, hint: hint, cost: &cost) {
        case .voxels(let voxels):
            plan.withContext { context in
                voxels.withUnsafeBytes { bytes in
                    if let base = bytes.baseAddress { VoxelCopy.guardedCopy(base, bytes.count, context) }
                }
            }
        case .runs(let array):
            guard plan.fill(from: array) else { throw damaged(brick, shape: array.extent) }
        }
    }

    private func copyMapped(
        _ brick: StoredBrick, _ mapping: any FileMapping, _ plan: inout VoxelCopy.Plan,
        _ cost: inout BrickReadCost
    ) throws(StorageError) {
        let (offset, count) = (Int(brick.offset), brick.storedByteCount)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustMappedBricks) { brick.directory.markVerified(brick.entryIndex) }
        #endif
        if !brick.directory.isVerified(brick.entryIndex) {
            let actual = try checksum(mapping, offset, count)
            guard actual == brick.entry.checksum else { throw damaged(brick) }
            brick.directory.markVerified(brick.entryIndex)
            cost.readByteCount += count
        }
        let copied = plan.withContext { context in
            Result { () throws(StorageError) in
                try mapping.guarded(from: offset, byteCount: count, context: context, VoxelCopy.guardedCopy)
            }
        }
        try copied.get()
    }

    private func checksum(_ mapping: any FileMapping, _ offset: Int, _ count: Int) throws(StorageError)
        -> UInt32
    {
        var result: UInt32 = 0
        let computed = withUnsafeMutablePointer(to: &result) { pointer in
            Result { () throws(StorageError) in
                try mapping.guarded(from: offset, byteCount: count, context: pointer) {
                    bytes, count, context in
                    context.storeBytes(
                        of: CRC32C.checksum(UnsafeRawBufferPointer(start: bytes, count: count)),
                        as: UInt32.self)
                }
            }
        }
        try computed.get()
        return result
    }

    func damaged(_ brick: StoredBrick) -> StorageError {
        let key = brick.directory.header.key
        return .corrupt(
            file: brick.store.name, offset: brick.offset,
            reason:
                "checksum of brick \(brick.entry.brickIndex) of cuboid \(key.morton), channel \(key.group.channel), "
                + "resolution \(key.group.resolution)")
    }

    private func damaged(_ brick: StoredBrick, shape: VoxelExtent) -> StorageError {
        .corrupt(
            file: brick.store.name, offset: brick.offset,
            reason:
                "brick \(brick.entry.brickIndex) has rows of \(shape.x) voxels, \(shape.y) a plane, and its "
                + "channel's bricks have not")
    }

    /// A brick decoded, labels as runs; from the pool if it is there.
    ///
    /// - Throws: `.corrupt` naming file and offset when the stored bytes do not verify.
    package func content(
        of brick: StoredBrick, hint: CacheHint, cost: inout BrickReadCost
    ) throws(StorageError) -> DecodedBrick {
        let key = BrickKey(store: brick.store.storeNumber, offset: brick.offset)
        if let content = pool.value(key) {
            cost.cachedCount += 1
            return content
        }
        let content: DecodedBrick =
            brick.isLabels
            ? .runs(try runs(of: brick, cost: &cost)) : .voxels(try voxels(of: brick, cost: &cost))
        if hint == .interactive { pool.insert(key, content, weight: content.weight) }
        return content
    }

    private func voxels(of brick: StoredBrick, cost: inout BrickReadCost) throws(StorageError) -> VoxelStorage
    {
        let voxels = VoxelStorage(byteCount: brick.brickByteCount, zeroed: false)
        let filled = voxels.withUnsafeMutableBytes { output in
            Result { () throws(StorageError) in try decode(brick, into: output, cost: &cost) }
        }
        try filled.get()
        return voxels
    }

    private func runs(of brick: StoredBrick, cost: inout BrickReadCost) throws(StorageError) -> RunArray {
        let voxelByteCount = brick.directory.header.voxelByteCount
        return try withStoredBytes(of: brick, cost: &cost) { (bytes) throws(CodecError) in
            try LabelFrameDecoder.decode(
                bytes, voxelCount: brick.brickByteCount / voxelByteCount, voxelByteCount: voxelByteCount)
        }
    }

    /// Reads and verifies the stored bytes of a brick that is not raw, and decodes them.
    private func withStoredBytes<R>(
        of brick: StoredBrick, cost: inout BrickReadCost,
        _ decode: (UnsafeRawBufferPointer) throws(CodecError) -> R
    ) throws(StorageError) -> R {
        let stored = VoxelStorage(byteCount: brick.storedByteCount, zeroed: false)
        let decoded = stored.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) -> R in
                try readStored(brick, into: bytes)
                do { return try decode(UnsafeRawBufferPointer(bytes)) } catch {
                    throw StorageError.corrupt(
                        file: brick.store.name, offset: brick.offset,
                        reason: "brick \(brick.entry.brickIndex) cannot be decoded: \(error)")
                }
            }
        }
        let result = try decoded.get()
        cost.readByteCount += brick.storedByteCount
        cost.decodedCount += 1
        return result
    }

    /// The voxels of a brick, decoded; from the pool if they are there.
    ///
    /// - Returns: memory that nobody writes any more, dense C-order.
    package func decoded(
        _ brick: StoredBrick, hint: CacheHint, cost: inout BrickReadCost
    ) throws(StorageError) -> VoxelStorage {
        switch try content(of: brick, hint: hint, cost: &cost) {
        case .voxels(let voxels): return voxels
        case .runs(let array):
            let voxels = VoxelStorage(byteCount: brick.brickByteCount, zeroed: false)
            voxels.withUnsafeMutableBytes {
                array.fill($0, voxelByteCount: brick.directory.header.voxelByteCount)
            }
            return voxels
        }
    }

    /// Reads, verifies and decodes a brick into memory of exactly its size.
    package func decode(
        _ brick: StoredBrick, into output: UnsafeMutableRawBufferPointer, cost: inout BrickReadCost
    ) throws(StorageError) {
        precondition(output.count == brick.brickByteCount, "memory for one brick")
        if brick.isRaw {
            try readStored(brick, into: output)
            cost.readByteCount += brick.storedByteCount
            return
        }
        try withStoredBytes(of: brick, cost: &cost) { (bytes) throws(CodecError) in
            try BrickDecoder.decode(
                brick.entry.codec, constantBits: 0, bytes: bytes, into: output,
                voxelByteCount: brick.directory.header.voxelByteCount)
        }
    }

    /// Stored bytes as they are, verified.
    func readStored(_ brick: StoredBrick, into bytes: UnsafeMutableRawBufferPointer) throws(StorageError) {
        if let mapping = brick.store.mapping(covering: brick.offset + UInt64(brick.storedByteCount)) {
            try mapping.copy(from: Int(brick.offset), into: bytes)
        } else {
            try brick.store.read(into: bytes, at: brick.offset)
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustBricks) { return }
        #endif
        guard CRC32C.checksum(UnsafeRawBufferPointer(bytes)) == brick.entry.checksum else {
            throw damaged(brick)
        }
    }
}

extension PageBuilder {
    /// Appends a brick of another page as it is stored, without decoding it; its labels are not collected.
    ///
    /// - Throws: `.corrupt` when its stored bytes do not verify.
    package mutating func append(
        brick brickIndex: Int, copying source: BrickSource, backgroundBits: UInt64, from engine: StorageEngine
    ) throws(StorageError) {
        switch source {
        case .background: appendUncollected(brick: brickIndex, bits: backgroundBits)
        case .constant(let bits): appendUncollected(brick: brickIndex, bits: bits)
        case .stored(let brick):
            try appendStored(brick: brickIndex, entry: brick.entry) { (bytes) throws(StorageError) in
                try engine.readStored(brick, into: bytes)
            }
        }
    }
}
