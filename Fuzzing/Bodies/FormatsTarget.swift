import BossGeometry
import BossVoxels
import FoundationEssentials

@testable import BossFormats

#if canImport(BossFormatFixtures)
    @testable import BossFormatFixtures
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A volume file of a foreign program. Byte 0: the format, or what its content says; then the file.
enum FormatsTarget {
    static let target = FuzzTarget("formats", body: run, seeds: seeds)
    private static let formats: [VolumeFormat?] = [nil, .npy, .nifti, .png, .tiff]
    private static let readLimit = 4 << 20

    private static let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let format = formats[Int(input.byte()) % formats.count]
        // Runs of several threads keep apart.
        let path = "\(folder)/bossql-fuzz-\(getpid())-\(UInt64.random(in: 0 ... .max)).bin"
        try store(input.rest(), path)
        defer { unlink(path) }
        let reader = try VolumeFiles.open(pattern: path, format: format)
        let extent = reader.extent
        try FuzzFailure.require(
            extent.x > 0 && extent.y > 0 && extent.z > 0 && reader.timeSampleCount > 0, "an empty volume")
        guard reader.sliceByteCount <= readLimit else { return }
        var budget = readLimit
        for time in 0..<min(reader.timeSampleCount, 3) {
            for z in 0..<min(extent.z, 16) where budget >= reader.sliceByteCount {
                budget -= reader.sliceByteCount
                let first = try read(reader, z, time, fill: 0xA5)
                let second = try read(reader, z, time, fill: 0x5A)
                try FuzzFailure.require(first == second, "slice \(z) of \(time) is read differently again")
            }
        }
    }

    private static func store(_ bytes: [UInt8], _ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw FuzzFailure("cannot write \(path)") }
        defer { close(descriptor) }
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw FuzzFailure("cannot write \(path)")
        }
    }

    private static func read(
        _ reader: any VolumeReader, _ z: Int, _ time: Int, fill: UInt8
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: fill, count: reader.sliceByteCount)
        try bytes.withUnsafeMutableBytes { try reader.read(z: z..<z + 1, time: time, into: $0) }
        return bytes
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        #if canImport(BossFormatFixtures)
            return FormatFixtures.base64.sorted { $0.key < $1.key }.compactMap { _, text in
                Data(base64Encoded: text, options: .ignoreUnknownCharacters).map { [0] + Array($0) }
            }.filter { $0.count < 4096 }
        #else
            return []
        #endif
    }
}
