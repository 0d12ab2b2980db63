import Foundation

/// What to replay: one volume, a folder for the store, and workloads in order.
struct ReplaySpecification: Codable {
    /// One workload file in one mode.
    struct Work: Codable {
        var workload: String
        var file: String
        /// ingest, warm, cold, scan, threads2, unique, bbox, down, write or write_durable.
        var mode: String
        var passes: Int
        var passSeconds: Double

        enum CodingKeys: String, CodingKey {
            case workload, file, mode, passes
            case passSeconds = "pass_secs"
        }
    }
    var volume: String
    var dtype: String
    /// Lengths along x, y, z.
    var shape: [Int]
    /// The raw volume.
    var data: String
    /// Folder of the store; made, replaced and left behind.
    var store: String
    /// File for the result.
    var out: String
    var work: [Work]

    /// Reads a specification.
    static func read(_ path: String) throws -> ReplaySpecification {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BenchError.file(path: path, reason: "cannot be read")
        }
        do { return try JSONDecoder().decode(ReplaySpecification.self, from: bytes) } catch {
            throw BenchError.file(path: path, reason: "is no specification: \(error)")
        }
    }
}

/// What a replay measured, in the words of the comparison.
struct ReplayResult: Codable {
    /// One workload in one mode.
    struct Row: Codable {
        var workload: String
        var mode: String
        var passes: [Double] = []
        var ops: [Int] = []
        var bytes: [Int] = []
        var lat: [[Double]] = []
        var other: [Double] = []
        var cpuSeconds = 0.0
        var peakAnonymousMebibytes: Double?
        var crc: [String: String]?
        var box: [String: [Int]]?
        var readbackIsRight: Bool?
        /// Bytes of the store that were still in the page cache before a cold read, at most.
        var residentMebibytes: Double?
        var error: String?
        var tookSeconds = 0.0

        enum CodingKeys: String, CodingKey {
            case workload, mode, passes, ops, bytes, lat, other, crc, box, error
            case cpuSeconds = "cpu_s"
            case peakAnonymousMebibytes = "peak_anon_mb"
            case readbackIsRight = "readback_ok"
            case residentMebibytes = "resident_mb"
            case tookSeconds = "took_s"
        }

        /// Takes over what was measured.
        mutating func fill(_ record: PassRecord) {
            (passes, ops, bytes, lat) = (
                record.seconds, record.operationCounts, record.byteCounts, record.latencies
            )
            (other, cpuSeconds) = (record.others, record.cpuSeconds)
        }

        /// What was measured.
        var record: PassRecord {
            PassRecord(
                seconds: passes, operationCounts: ops, byteCounts: bytes, latencies: lat, others: other,
                cpuSeconds: cpuSeconds)
        }
    }
    var engine = "bossql"
    var version = "bossql 0.1.0"
    var storeByteCount = 0
    var rawByteCount = 0
    var fileCount = 0
    var fullBuildSeconds = 0.0
    var rows: [Row] = []

    enum CodingKeys: String, CodingKey {
        case engine, version, rows
        case storeByteCount = "store_bytes"
        case rawByteCount = "raw_bytes"
        case fileCount = "files"
        case fullBuildSeconds = "full_build_s"
    }

    /// Writes the result.
    func write(to path: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path))
    }
}
