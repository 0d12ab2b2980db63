@testable import BossStorage

/// A manifest root. Byte 0: bit 0 asks for a right checksum; then the root.
enum ManifestTarget {
    static let target = FuzzTarget("manifest", body: run, seeds: seeds)

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let flags = input.byte()
        var bytes = input.rest()
        if flags & 1 == 1 { ChecksumRepair.trailing(&bytes) }
        let number = bytes.number(UInt64.self, at: 32) ?? 0
        let root = try bytes.withUnsafeBytes { try ManifestRoot($0, file: "root", number: number) }
        let encoded = root.encoded()
        let again = try encoded.withUnsafeBytes { try ManifestRoot($0, file: "root", number: number) }
        try FuzzFailure.require(again == root, "the root changes when it is written again")
        try FuzzFailure.require(again.encoded() == encoded, "the root is written differently")
        for segment in root.segments { _ = segment.path }
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        let sample = try SampleDatabase.shared.get()
        return sample.roots.flatMap { [[1] + $0, [0] + $0] }
    }
}

/// The writer's status. Byte 0: bit 0 asks for a right checksum; then 64 bytes.
enum StatusTarget {
    static let target = FuzzTarget("status", body: run, seeds: seeds)

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let flags = input.byte()
        var bytes = input.rest()
        if flags & 1 == 1 { ChecksumRepair.status(&bytes) }
        guard let status = bytes.withUnsafeBytes({ WriterStatus($0) }) else { return }
        let again = status.encoded().withUnsafeBytes { WriterStatus($0) }
        try FuzzFailure.require(again == status, "the status changes when it is written again")
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        let log = FileIdentifier(high: 1, low: 2)
        return [UInt64(0), 1, .max].map { number in
            let status = WriterStatus(
                epoch: number, rootNumber: number, log: log, logByteCount: number, bootIdentifier: number)
            return [1] + status.encoded()
        }
    }
}
