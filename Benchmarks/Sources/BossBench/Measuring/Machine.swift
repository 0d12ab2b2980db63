import Foundation

/// What a result must name: the machine, the commit and the date.
struct Machine: Codable {
    var processor: String
    var coreCount: Int
    var memoryByteCount: UInt64
    var system: String
    var commit: String
    var date: String

    /// This machine, now.
    static func current() -> Machine {
        Machine(
            processor: processorName(), coreCount: ProcessInfo.processInfo.activeProcessorCount,
            memoryByteCount: ProcessInfo.processInfo.physicalMemory,
            system: ProcessInfo.processInfo.operatingSystemVersionString, commit: commit(),
            date: ISO8601DateFormatter().string(from: Date()))
    }

    private static func processorName() -> String {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") })
        else { return "unknown processor" }
        return line.split(separator: ":").dropFirst().joined(separator: ":").trimmingCharacters(
            in: .whitespaces)
    }

    /// The commit that is checked out, with a `+` when files differ from it.
    private static func commit() -> String {
        guard let commit = git(["rev-parse", "--short=12", "HEAD"]) else { return "no commit" }
        return commit + (git(["status", "--porcelain", "--untracked-files=no"])?.isEmpty == false ? "+" : "")
    }

    private static func git(_ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // Without git the report says that there is no commit.
        guard (try? process.run()) != nil else { return nil }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
