import Foundation

/// How often operations are repeated.
struct PassRules {
    /// Passes wanted; from 3 on, up to twice as many are made until so many were quiet.
    var passes: Int
    /// A pass ends at its last operation or after so many seconds inside operations.
    var seconds: Double
    /// Whether the operations are run once before, unmeasured.
    var isWarmedUp = true
    /// Operations a pass has at least.
    var minimumOperationCount = 1
}

/// What was measured: only the time inside operations counts.
struct PassRecord {
    var seconds: [Double] = []
    var operationCounts: [Int] = []
    var byteCounts: [Int] = []
    /// Milliseconds of every operation, a list per pass.
    var latencies: [[Double]] = []
    /// Share of the CPUs that others used, per pass.
    var others: [Double] = []
    var cpuSeconds = 0.0

    /// Adds a pass of one operation.
    mutating func add(seconds: Double, byteCount: Int, others share: Double) {
        self.seconds.append(seconds)
        operationCounts.append(1)
        byteCounts.append(byteCount)
        latencies.append([seconds * 1e3])
        others.append(share)
    }
}

extension PassRules {
    /// Runs operations pass by pass.
    ///
    /// - Parameters:
    ///   - beginPass: called with the number of a pass, outside the clock.
    ///   - before: called before every measured operation, outside the clock.
    ///   - operation: the thing that is measured; returns the voxel bytes it handled.
    func measure<Item>(
        _ items: [Item], beginPass: (Int) throws -> Void = { _ in }, before: () throws -> Void = {},
        _ operation: (Item) throws -> Int
    ) throws -> PassRecord {
        let items = isWarmedUp ? try warmUp(items, operation) : items[...]
        var record = PassRecord()
        var quietCount = 0
        for pass in 0..<(passes < 3 ? passes : 2 * passes) {
            try beginPass(pass)
            let load = MachineLoad()
            var (total, byteCount, latencies) = (0.0, 0, [Double]())
            for item in items {
                try before()
                let (cpu, wall) = (Clock.cpu(), Clock.wall())
                let bytes = try operation(item)
                let elapsed = Clock.wall() - wall
                record.cpuSeconds += Clock.cpu() - cpu
                total += elapsed
                byteCount += bytes
                latencies.append(elapsed * 1e3)
                if total > seconds && latencies.count >= minimumOperationCount { break }
            }
            let share = load.shareOfOthers()
            record.seconds.append(total)
            record.operationCounts.append(latencies.count)
            record.byteCounts.append(byteCount)
            record.latencies.append(latencies)
            record.others.append(share)
            if share < MachineLoad.quietShare { quietCount += 1 }
            let hasTriedEnough = quietCount == 0 || record.seconds.reduce(0, +) > 8 * seconds + 6
            if quietCount >= passes || (pass + 1 >= passes && hasTriedEnough) { break }
        }
        return record
    }

    /// Runs operations unmeasured; a pass never leaves the ones that were run here.
    private func warmUp<Item>(_ items: [Item], _ operation: (Item) throws -> Int) throws -> ArraySlice<Item> {
        let started = Clock.wall()
        var count = 0
        for item in items {
            _ = try operation(item)
            count += 1
            if Clock.wall() - started > max(2 * seconds, 1) { break }
        }
        return items.prefix(max(minimumOperationCount, count))
    }
}
