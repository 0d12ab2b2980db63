import Foundation

/// The table that a run prints.
enum Report {
    private static func number(_ value: Double, _ digits: Int, _ width: Int) -> String {
        let text = String(format: "%.\(digits)f", value)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func mebibytes(_ byteCount: Int) -> String {
        String(format: "%.1f MiB", Double(byteCount) / 1_048_576)
    }

    /// One line that says what was measured, where and when.
    static func title(_ what: String, _ machine: Machine) -> String {
        "BossQL, \(what), \(machine.date), commit \(machine.commit), \(machine.processor), \(machine.coreCount) cores"
    }

    /// Prints what the numbers belong to, and the head of the table.
    static func printHeader(_ machine: Machine, _ data: BenchData) {
        print("BossQL benchmark, \(machine.date), commit \(machine.commit)")
        let memory = Double(machine.memoryByteCount) / 1_073_741_824
        print(
            "machine: \(machine.processor), \(machine.coreCount) cores, \(number(memory, 0, 0)) GiB, \(machine.system)"
        )
        let volumes = data.volumes.map { "\($0.name) \($0.extent) \($0.voxelType.rawValue)" }
        print("data: \(volumes.joined(separator: ", ")), seed \(data.seed), in \(data.folder)")
        print("GB/s: 10^9 voxel bytes a second, median of the undisturbed passes (~: fewer than three were);")
        print("p50, p99: microseconds of one operation; CPU: CPU seconds of all threads per 10^9 voxel bytes")
        print("")
        print("volume  workload     mode               GB/s       p50 us       p99 us    ops   CPU s/GB")
    }

    /// One row of the table.
    static func line(_ volume: String, _ row: ReplayResult.Row) -> String {
        let name = padded(volume, 8) + padded(row.workload, 13) + padded(row.mode, 14)
        if let error = row.error { return name + "  " + error }
        guard let summary = Summary(row.record) else { return name + "  not measured" }
        return name + number(summary.gigabytesPerSecond, 3, 9) + (summary.isDisturbed ? "~" : " ")
            + number(summary.p50Microseconds, 1, 12) + " " + number(summary.p99Microseconds, 1, 12)
            + number(Double(summary.operationCount), 0, 7) + number(summary.cpuSecondsPerGigabyte, 3, 11)
            + (row.peakAnonymousMebibytes.map { "   peak memory \(number($0, 0, 0)) MiB" } ?? "")
            + (row.residentMebibytes.map { $0 > 0 ? "   still cached \(number($0, 1, 0)) MiB" : "" } ?? "")
    }

    /// Prints how large the stores are.
    static func printSizes(_ volumes: [(name: String, result: ReplayResult)]) {
        print("")
        for (name, result) in volumes {
            let ratio = Double(result.rawByteCount) / Double(max(1, result.storeByteCount))
            print(
                "store of \(name): \(mebibytes(result.storeByteCount)) in \(result.fileCount) files for "
                    + "\(mebibytes(result.rawByteCount)) of voxels, ratio \(number(ratio, 2, 0)); "
                    + "built in \(number(result.fullBuildSeconds, 3, 0)) s")
        }
    }

    /// Prints what BossQL was held against.
    static func printYardsticks(_ yardsticks: Yardsticks) {
        print("\ncutout beside memcpy of as many bytes between warm buffers")
        for copy in yardsticks.copies {
            print(
                "  \(padded(copy.name, 16)) \(number(copy.cutoutGigabytesPerSecond, 2, 7)) GB/s, memcpy "
                    + "\(number(copy.copyGigabytesPerSecond, 2, 7)) GB/s, factor \(number(copy.factor, 2, 0))"
            )
        }
        print("\nbulk import beside write + fsync of the same bytes")
        for entry in yardsticks.imports {
            print(
                "  \(padded(entry.name, 8)) \(mebibytes(entry.byteCount)): import "
                    + "\(number(entry.importGigabytesPerSecond, 3, 0)) GB/s at \(number(entry.importUtilization, 2, 0)) "
                    + "CPUs, write + fsync \(number(entry.plainWriteGigabytesPerSecond, 3, 0)) GB/s")
        }
        print("\ncutouts off the grid, store just opened, means")
        for entry in yardsticks.touched {
            print(
                "  \(padded(entry.name, 16)) \(entry.boxCount) boxes: \(number(entry.pages, 1, 0)) pages, "
                    + "\(number(entry.bricks, 1, 0)) bricks touched, \(number(entry.decodedBricks, 1, 0)) decoded, "
                    + "\(number(entry.readByteCount / 1024, 1, 0)) KiB of stored bytes read and checked, result \(entry.resultByteCount / 1024) KiB"
            )
        }
        print("\nanonymous memory, labels ten times the pool")
        for entry in yardsticks.memory {
            print(
                "  \(padded(entry.name, 22)) \(mebibytes(entry.volumeByteCount)), pool "
                    + "\(mebibytes(entry.poolByteCount)), result \(mebibytes(entry.resultByteCount)): peak "
                    + "\(mebibytes(entry.peakByteCount))")
        }
    }
}
