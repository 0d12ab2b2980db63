import BossStorage
import Foundation

/// A database of any size that holds no voxels: its manifest names every segment, and some of these have a file with a
/// real index, sparse where the pages would be.
struct GeneratedDatabase: Codable {
    let path: String
    let segmentCount: Int
    /// Bytes of pages in a segment.
    let segmentByteCount: Int
    /// Segments that have a file.
    let fileCount: Int

    /// A raw cuboid of 512 x 512 x 16 voxels of a byte with its header and directory.
    private static let pageByteCount = 4 << 20
    private static let shardCapacity = 4096
    /// Segments that the root names itself.
    private static let recentCount = 256

    func segment(_ number: Int) -> GeneratedSegment {
        GeneratedSegment(
            number: number, pageCount: segmentByteCount / Self.pageByteCount,
            pageByteCount: Self.pageByteCount)
    }

    /// Numbers of the segments that have a file, evenly spread.
    var segmentsWithFiles: [Int] {
        let count = min(fileCount, segmentCount)
        return (0..<count).map { $0 * segmentCount / count }
    }

    /// Writes the directory.
    func generate() throws {
        let format = GeneratedFormat(database: GeneratedIdentifier(seed: 0))
        let manager = FileManager.default
        for folder in ["MANIFEST/shards", "wal", "seg"] + (0..<256).map({ Self.folder($0) }) {
            try manager.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        let listed = max(0, segmentCount - Self.recentCount)
        var wanted = segmentsWithFiles[...]
        var shards = ByteWriter()
        var recent = ByteWriter()
        for start in stride(from: 0, to: listed, by: Self.shardCapacity) {
            let range = start..<min(start + Self.shardCapacity, listed)
            var list = ByteWriter(capacity: range.count * 160)
            var byteCount: UInt64 = 0
            for number in range {
                byteCount += try add(segment(number), format, &wanted, to: &list)
            }
            let identifier = GeneratedIdentifier(seed: UInt64(start) &* 2 &+ 2)
            let file = format.shard(identifier, list.bytes)
            try Data(file.bytes).write(
                to: URL(fileURLWithPath: "\(path)/MANIFEST/shards/\(identifier.text).ms"))
            format.write(
                shard: identifier, byteCount: file.bytes.count, checksum: file.checksum,
                first: segment(range.lowerBound), last: segment(range.upperBound - 1),
                segmentByteCount: byteCount, to: &shards)
        }
        for number in listed..<segmentCount { _ = try add(segment(number), format, &wanted, to: &recent) }
        let root = format.root(
            segments: recent.bytes, shards: shards.bytes, lastCommit: UInt64(segmentCount))
        try Data(root).write(to: URL(fileURLWithPath: "\(path)/MANIFEST/00000000000000000001.mf"))
    }

    private static func folder(_ number: Int) -> String {
        "seg/" + (number < 16 ? "0" : "") + String(number, radix: 16)
    }

    /// Names a segment, and writes its file if it is to have one.
    private func add(
        _ segment: GeneratedSegment, _ format: GeneratedFormat, _ wanted: inout ArraySlice<Int>,
        to list: inout ByteWriter
    ) throws -> UInt64 {
        guard wanted.first == segment.number else {
            // Nobody reads the index of a segment without a file: a checksum of nothing will do.
            let none = GeneratedFormat.SegmentTail(
                bytes: [], footerChecksum: 0, fileByteCount: segment.indexOffset + 65536)
            format.write(segment, tail: none, to: &list)
            return none.fileByteCount
        }
        wanted.removeFirst()
        let tail = format.segmentTail(segment)
        format.write(segment, tail: tail, to: &list)
        let name = "\(path)/\(segment.path)"
        _ = FileManager.default.createFile(atPath: name, contents: Data(format.segmentHeader(segment)))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: name))
        try file.seek(toOffset: segment.indexOffset)
        try file.write(contentsOf: Data(tail.bytes))
        try file.close()
        return tail.fileByteCount
    }
}
