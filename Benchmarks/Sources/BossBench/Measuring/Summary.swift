/// The numbers of a table row: medians over undisturbed passes.
struct Summary: Codable {
    /// Voxel bytes a second, 10^9.
    var gigabytesPerSecond: Double
    /// Median latency of an operation, microseconds.
    var p50Microseconds: Double
    /// 99th percentile.
    var p99Microseconds: Double
    /// Operations measured.
    var operationCount: Int
    /// CPU seconds per 10^9 voxel bytes, all threads.
    var cpuSecondsPerGigabyte: Double
    /// Whether fewer than three passes were undisturbed; the least disturbed ones were then taken.
    var isDisturbed: Bool

    /// The summary of a record; nil without passes.
    init?(_ record: PassRecord) {
        guard !record.seconds.isEmpty else { return nil }
        var chosen = record.others.indices.filter { record.others[$0] < MachineLoad.quietShare }
        isDisturbed = chosen.count < min(3, record.seconds.count)
        if chosen.count < 3 {
            chosen = Array(record.others.indices.sorted { record.others[$0] < record.others[$1] }.prefix(3))
        }
        let rates = chosen.map { Double(record.byteCounts[$0]) / max(record.seconds[$0], 1e-12) / 1e9 }
        let latencies = chosen.flatMap { record.latencies[$0] }.sorted()
        gigabytesPerSecond = Self.percentile(rates.sorted(), 0.5)
        p50Microseconds = Self.percentile(latencies, 0.5) * 1e3
        p99Microseconds = Self.percentile(latencies, 0.99) * 1e3
        operationCount = latencies.count
        cpuSecondsPerGigabyte = record.cpuSeconds / max(Double(record.byteCounts.reduce(0, +)) / 1e9, 1e-12)
    }

    /// A percentile of sorted numbers, linear between neighbours.
    static func percentile(_ sorted: [Double], _ part: Double) -> Double {
        guard let last = sorted.last else { return 0 }
        let place = part * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return last }
        return sorted[index] + (sorted[index + 1] - sorted[index]) * (place - Double(index))
    }
}
