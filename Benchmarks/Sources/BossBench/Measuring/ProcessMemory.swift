import Foundation
import Synchronization

/// Anonymous memory of this process. Pages of mapped files belong to the system's page cache and do not count.
enum ProcessMemory {
    /// Resident anonymous bytes, the line RssAnon of /proc/self/status; 0 where there is none.
    static func anonymousByteCount() -> Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
            let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap(
                { Int($0) })
        else { return 0 }
        return kibibytes << 10
    }
}

/// Watches the anonymous memory of the process from a thread of its own, every few milliseconds.
final class PeakMemory: Sendable {
    private let base: Int
    private let highest: Atomic<Int>
    private let isStopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts to watch.
    init(intervalMicroseconds: UInt32 = 10_000) {
        base = ProcessMemory.anonymousByteCount()
        highest = Atomic(base)
        let thread = Thread { [self] in
            while !isStopped.load(ordering: .relaxed) {
                highest.max(ProcessMemory.anonymousByteCount(), ordering: .relaxed)
                usleep(intervalMicroseconds)
            }
            ended.signal()
        }
        thread.start()
    }

    /// Stops.
    ///
    /// - Returns: bytes above the state at the start.
    func stop() -> Int {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        highest.max(ProcessMemory.anonymousByteCount(), ordering: .relaxed)
        return highest.load(ordering: .relaxed) - base
    }
}
