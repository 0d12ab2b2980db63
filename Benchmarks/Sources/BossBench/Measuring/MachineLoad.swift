import Foundation

/// How much of the machine others used while something was measured.
struct MachineLoad {
    /// A pass is quiet when others used less than this share of the CPUs.
    static let quietShare = 0.12

    private let busy = Self.busySeconds()
    private let own = Clock.cpu()
    private let wall = Clock.wall()

    /// Share of all CPUs, 0 to 1, that other processes used since this value was made.
    func shareOfOthers() -> Double {
        let elapsed = max(Clock.wall() - wall, 1e-9)
        let others = (Self.busySeconds() - busy) - (Clock.cpu() - own)
        let share = max(0, others) / elapsed / Double(ProcessInfo.processInfo.activeProcessorCount)
        return (share * 1000).rounded() / 1000
    }

    /// CPU seconds of all processes since the start of the machine, without idling and waiting.
    private static func busySeconds() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let line = text.split(separator: "\n").first
        else { return 0 }
        let ticks = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard ticks.count >= 8 else { return 0 }
        return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7])
            / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
