import BossCodec
import BossVoxels

/// Writes cuboids through loads, and through small commits where a delta stands on something that is not a full page.
struct SalvageWriter {
    private let engine: StorageEngine
    private var bulk: BulkTransaction?
    private var bulkCount = 0
    private var bulkByteCount = 0
    private var deltas: [EncodedPage] = []
    private var deltaByteCount = 0
    private(set) var cuboidCount = 0
    private(set) var brickCount = 0
    private static let cuboidLimit = 1 << 16
    private static let byteLimit = 8 << 30
    private static let deltaByteLimit = 32 << 20

    init(engine: StorageEngine) { self.engine = engine }

    /// Writes what is left of a cuboid. Bricks that are lost are not written, so that they read as what is below: the
    /// channel's background, whatever that is.
    mutating func write(_ cuboid: SalvagedCuboid) throws(StorageError) {
        let bricks = cuboid.bricks
        switch cuboid.base {
        case .full(let page) where bricks.count == page.header.brickCount:
            try add(self.page(.full, cuboid.key, bricks, page.header))
        case .full, .nothing:
            if !bricks.isEmpty { cuboidCount += 1 }
            try addDelta(cuboid.key, bricks)
        case .constant(let bits):
            let width = bits >> 8 == 0 ? 1 : bits >> 16 == 0 ? 2 : bits >> 32 == 0 ? 4 : 8
            try add(.constant(key: cuboid.key, bits: bits, voxelByteCount: width))
            try addDelta(cuboid.key, bricks)
        }
    }

    mutating func add(_ page: EncodedPage) throws(StorageError) {
        if bulk == nil {
            bulk = try engine.beginBulk()
            bulk?.note.action = "salvage"
        }
        try bulk?.add(page, dependsOnBase: false)
        cuboidCount += 1
        bulkCount += 1
        bulkByteCount += page.byteCount
        if bulkCount >= Self.cuboidLimit || bulkByteCount >= Self.byteLimit { try commitBulk() }
    }

    private mutating func commitBulk() throws(StorageError) {
        try bulk?.commit()
        bulk = nil
        (bulkCount, bulkByteCount) = (0, 0)
    }

    private mutating func addDelta(
        _ key: CuboidKey, _ bricks: [(brick: Int, source: SalvagedCuboid.Source)]
    ) throws(StorageError) {
        guard let header = bricks.first?.source.page.header else { return }
        let page = try page(.delta, key, bricks, header)
        deltas.append(page)
        deltaByteCount += page.byteCount
        if deltaByteCount >= Self.deltaByteLimit { try commitDeltas() }
    }

    /// A page of bricks as they are stored.
    private mutating func page(
        _ kind: PageKind, _ key: CuboidKey, _ bricks: [(brick: Int, source: SalvagedCuboid.Source)],
        _ header: PageHeader
    ) throws(StorageError) -> EncodedPage {
        var builder = Self.builder(key, kind, header, capacity: bricks.count)
        for (brick, source) in bricks {
            try builder.appendStored(brick: brick, entry: source.entry) {
                $0.copyBytes(from: source.page.stored(source.entry))
            }
        }
        brickCount += bricks.count
        return builder.finish()
    }

    private static func builder(
        _ key: CuboidKey, _ kind: PageKind, _ header: PageHeader, capacity: Int
    ) -> PageBuilder {
        PageBuilder(
            key: key, kind: kind,
            encoder: BrickEncoder(
                voxelType: .uint8, brickByteCount: max(1, header.brickByteCount), preference: .none),
            voxelByteCount: header.voxelByteCount, brickByteCount: header.brickByteCount,
            brickCapacity: capacity, scratch: VoxelStorage(byteCount: 64, zeroed: false))
    }

    /// Deltas come after what they stand on.
    private mutating func commitDeltas() throws(StorageError) {
        try commitBulk()
        guard !deltas.isEmpty else { return }
        var batch = WriteBatch(base: try engine.view())
        batch.note.action = "salvage"
        for page in deltas { batch.put(page, dependsOnBase: false) }
        try engine.commit(batch)
        deltas = []
        deltaByteCount = 0
    }

    mutating func finish() throws(StorageError) {
        try commitBulk()
        try commitDeltas()
    }
}
