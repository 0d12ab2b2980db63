import BossCodec
import BossVoxels

@testable import BossStorage

/// A page: header, directory, every brick. Byte 0: bit 0 asks for right checksums; then the page.
enum PageTarget {
    static let target = FuzzTarget("page", body: run, seeds: seeds)

    private final class BytesStore: PageStore {
        let storeNumber = PageStoreNumber.next()
        let bytes: [UInt8]
        let name = "page"

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func mapping(covering end: UInt64) -> (any FileMapping)? { nil }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
            guard offset <= UInt64(bytes.count), buffer.count <= bytes.count - Int(offset) else {
                throw .corrupt(file: name, offset: offset, reason: "read past the page")
            }
            buffer.copyBytes(from: bytes[Int(offset)..<Int(offset) + buffer.count])
        }
    }

    /// Only its functions are used: no file is behind it.
    private static let engine = Result {
        try StorageEngine.open(
            fileSystem: SimulatedFileSystem(seed: 1), mode: .readWrite(create: true),
            options: EngineReading.options)
    }

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let flags = input.byte()
        var bytes = input.rest()
        if flags & 1 == 1 { ChecksumRepair.page(&bytes, at: 0) }
        let header = try bytes.withUnsafeBytes { try PageHeader($0, file: "page", at: 0) }
        let again = try header.encoded().withUnsafeBytes { try PageHeader($0, file: "page", at: 0) }
        try FuzzFailure.require(again == header, "the header changes when it is written again")
        guard header.pageByteCount <= bytes.count else { return }
        let range = PageHeader.byteCount..<PageHeader.byteCount + header.directoryByteCount
        let directory = try bytes.withUnsafeBytes {
            try PageDirectory.parse(
                header: header, directory: UnsafeRawBufferPointer(rebasing: $0[range]), file: "page", at: 0)
        }
        var writer = ByteWriter()
        for entry in directory.entries { entry.write(to: &writer) }
        try FuzzFailure.require(
            writer.bytes == Array(bytes[range]), "the directory changes when written again")
        try readBricks(directory, bytes)
    }

    private static func readBricks(_ directory: PageDirectory, _ bytes: [UInt8]) throws {
        let engine = try engine.get()
        let store = BytesStore(bytes)
        var reading = EngineReading()
        for (index, entry) in directory.entries.enumerated() {
            try FuzzFailure.require(
                directory.entryIndex(ofBrick: Int(entry.brickIndex)) == index, "a brick is not found")
            guard entry.codec != .constant, directory.header.brickByteCount <= reading.budget else {
                continue
            }
            let brick = StoredBrick(store: store, pageOffset: 0, directory: directory, entryIndex: index)
            // A brick that cannot be decoded says nothing about the next one.
            do { try reading.check(brick, engine) } catch let error as StorageError { _ = error }
        }
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        var seeds: [[UInt8]] = []
        let key = CuboidKey(group: PageGroup(channel: 3, resolution: 1, time: 2), morton: 77)
        for preference in CompressionPreference.allCases {
            for (kind, bricks) in [(PageKind.full, [0, 1, 2, 3]), (.delta, [1, 6]), (.delta, [4095])] {
                for brickByteCount in [64, 256, 1024] {
                    let page = try SampleBricks.page(
                        key, kind, bricks.map { ($0, UInt32($0 + brickByteCount)) }, brickByteCount,
                        preference)
                    _ = page.seal(sequence: 5, database: FileIdentifier(high: 1, low: 2))
                    seeds.append([1] + page.withBytes { Array($0) })
                }
            }
        }
        for isTombstone in [false, true] {
            let page = EncodedPage.constant(
                key: key, bits: 9, voxelByteCount: 8, isTombstone: isTombstone)
            _ = page.seal(sequence: 6, database: FileIdentifier(high: 1, low: 2))
            seeds.append([0] + page.withBytes { Array($0) })
        }
        return seeds
    }
}
