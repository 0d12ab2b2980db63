import BossCodec
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The voxels of one brick in a test, as a number: the two low bits say how they look, the others which.
struct BrickContent: Hashable, Sendable {
    let number: UInt32

    /// What was never written.
    static let background = BrickContent(number: 0)

    /// One value.
    static func constant(_ value: UInt8) -> BrickContent { BrickContent(number: UInt32(value) << 2) }

    /// The bytes, from the definition alone.
    func bytes(_ count: Int) -> [UInt8] {
        let which = number >> 2
        switch number & 3 {
        case 0: return [UInt8](repeating: UInt8(truncatingIfNeeded: which), count: count)
        case 1:
            // Compresses well.
            var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: which), count: count)
            for (index, byte) in withUnsafeBytes(of: which.littleEndian, Array.init).enumerated() {
                bytes[index * (count / 4)] = byte ^ 0x5A
            }
            return bytes
        case 2:
            // Does not compress.
            var random = SeededGenerator(seed: UInt64(which))
            let words = (0..<(count + 7) / 8).map { _ in random.next() }
            return words.withUnsafeBytes { Array($0.prefix(count)) }
        default:
            // Differs from a constant in one byte.
            var bytes = [UInt8](repeating: 7, count: count)
            bytes[Int(which) % count] = UInt8(truncatingIfNeeded: which / 256) | 0x80
            return bytes
        }
    }
}

/// What a test writes to one cuboid of four bricks.
enum PageChange: Hashable, Sendable {
    case full([BrickContent])
    /// By brick.
    case delta([Int: BrickContent])
    case constant(UInt8)
    case tombstone

    static let brickCount = 4
}

/// Makes pages, and checks what is read against contents. Used by one thread.
final class TestBricks {
    let brickByteCount: Int
    private let encoder: BrickEncoder
    private let scratch: VoxelStorage
    private var cache: [BrickContent: [UInt8]] = [:]
    private var output: [UInt8]
    private var ways = SeededGenerator(seed: 3)

    init(brickByteCount: Int, preference: CompressionPreference = .lz4) {
        self.brickByteCount = brickByteCount
        encoder = BrickEncoder(voxelType: .uint8, brickByteCount: brickByteCount, preference: preference)
        scratch = VoxelStorage(byteCount: BrickEncoder.outputBound(brickByteCount), zeroed: false)
        output = [UInt8](repeating: 0, count: brickByteCount)
    }

    func bytes(_ content: BrickContent) -> [UInt8] {
        if let bytes = cache[content] { return bytes }
        if cache.count > 4096 { cache = [:] }
        let bytes = content.bytes(brickByteCount)
        cache[content] = bytes
        return bytes
    }

    /// The page of a change.
    func page(_ key: CuboidKey, _ change: PageChange, over base: UInt64 = 0) throws -> EncodedPage {
        switch change {
        case .full(let contents):
            return try page(key, .full, contents.enumerated().map { ($0.offset, $0.element) }, 0)
        case .delta(let contents):
            return try page(key, .delta, contents.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, base)
        case .constant(let value): return .constant(key: key, bits: UInt64(value), voxelByteCount: 1)
        case .tombstone: return .constant(key: key, bits: 0, voxelByteCount: 1, isTombstone: true)
        }
    }

    private func page(
        _ key: CuboidKey, _ kind: PageKind, _ contents: [(Int, BrickContent)], _ base: UInt64
    ) throws -> EncodedPage {
        var builder = PageBuilder(
            key: key, kind: kind, encoder: encoder, voxelByteCount: 1, brickByteCount: brickByteCount,
            brickCapacity: contents.count, baseSequence: base, scratch: scratch)
        for (index, content) in contents {
            let bytes = bytes(content)
            try builder.append(brick: index) { $0.copyBytes(from: bytes) }
        }
        return builder.finish()
    }
}

/// Reading back.
extension TestBricks {
    /// Compares cuboids of a view with what they should hold.
    ///
    /// - Returns: the first difference, or nil.
    func difference(
        _ engine: StorageEngine, _ view: View, _ state: ModelState, keys: some Sequence<CuboidKey>
    ) throws -> String? {
        let groups = Dictionary(grouping: Set(keys), by: \.group).sorted { $0.key < $1.key }
        return try difference(
            engine, view, state, groups: groups.map { ($0.key, $0.value.map(\.morton).sorted()) })
    }

    /// The same by groups; codes ascend.
    func difference(
        _ engine: StorageEngine, _ view: View, _ state: ModelState,
        groups: [(group: PageGroup, codes: [UInt64])]
    ) throws -> String? {
        for (group, codes) in groups {
            let located = try view.locate(group, codes: codes)
            guard located.map(\.morton) == codes else {
                return "codes \(located.map(\.morton)), not \(codes)"
            }
            for page in located {
                let key = CuboidKey(group: group, morton: page.morton)
                let resolved = try engine.resolve(page, group)
                for (brick, content) in state.contents(of: key).enumerated() {
                    if try !matches(resolved.source(ofBrick: brick), content, engine) {
                        return "brick \(brick) of \(key) is not \(content)"
                    }
                }
            }
        }
        return nil
    }

    /// The bytes of a brick.
    func voxels(_ source: BrickSource, _ engine: StorageEngine) throws -> [UInt8] {
        switch source {
        case .background: return [UInt8](repeating: 0, count: brickByteCount)
        case .constant(let bits):
            return [UInt8](repeating: UInt8(truncatingIfNeeded: bits), count: brickByteCount)
        case .stored(let brick):
            try read(brick, engine)
            return output
        }
    }

    private func matches(
        _ source: BrickSource, _ content: BrickContent, _ engine: StorageEngine
    ) throws -> Bool {
        switch source {
        case .background: return content == .background || isConstant(bytes(content), 0)
        case .constant(let bits):
            guard bits <= 255 else { return false }
            return content == .constant(UInt8(bits)) || isConstant(bytes(content), UInt8(bits))
        case .stored(let brick):
            guard brick.brickByteCount == brickByteCount else { return false }
            try read(brick, engine)
            let expected = bytes(content)
            return output.withUnsafeBytes { output in
                expected.withUnsafeBytes { expected in
                    guard let left = output.baseAddress, let right = expected.baseAddress else { return true }
                    return output.count == expected.count && memcmp(left, right, expected.count) == 0
                }
            }
        }
    }

    /// Takes one of the three ways of reading.
    private func read(_ brick: StoredBrick, _ engine: StorageEngine) throws {
        var cost = BrickReadCost()
        let way = ways.next() % 6
        let count = brickByteCount
        if way % 3 == 0 {
            try output.withUnsafeMutableBytes { try engine.decode(brick, into: $0, cost: &cost) }
        } else if way % 3 == 1 {
            let hint: CacheHint = way % 2 == 0 ? .interactive : .scan
            let voxels = try engine.decoded(brick, hint: hint, cost: &cost)
            voxels.withUnsafeBytes { voxels in
                output.withUnsafeMutableBytes {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: voxels[0..<count]))
                }
            }
        } else {
            let extent = VoxelExtent(x: count, y: 1, z: 1)
            let origin = VoxelPoint(x: 0, y: 0, z: 0)
            try output.withUnsafeMutableBytes { output in
                guard let base = output.baseAddress else { return }
                var plan = VoxelCopy.Plan(
                    sourceExtent: extent, sourceOrigin: origin, to: base, destinationExtent: extent,
                    destinationOrigin: origin, extent: extent, voxelByteCount: 1)
                try engine.copy(brick, plan: &plan, hint: .interactive, cost: &cost)
            }
        }
    }

    private func isConstant(_ bytes: [UInt8], _ value: UInt8) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            return bytes[0] == value && memcmp(base, base + 1, bytes.count - 1) == 0
        }
    }
}
