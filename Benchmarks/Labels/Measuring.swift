import Foundation

/// Seconds since some fixed moment.
func wallSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// CPU seconds of this process.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What `body` takes, seconds.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = wallSeconds()
    try body()
    return wallSeconds() - start
}

extension [Double] {
    /// A percentile, the nearest of the numbers.
    func percentile(_ part: Double) -> Double {
        let sorted = sorted()
        return sorted.isEmpty ? 0 : sorted[Int((part * Double(sorted.count - 1)).rounded())]
    }

    var median: Double { percentile(0.5) }
}

/// A text with blanks in front, or behind it where it is the first of a line.
func column(_ text: String, _ width: Int, isFirst: Bool = false) -> String {
    let blanks = String(repeating: " ", count: Swift.max(0, width - text.count))
    return isFirst ? text + blanks : blanks + text
}

func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// The machine, the commit and the moment, which a result must name.
enum MachineDescription {
    static var text: String {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        let processor = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return "\(ISO8601DateFormatter().string(from: Date())), commit \(commit), "
            + "\(processor ?? "unknown processor"), \(cores) cores, \(ProcessInfo.processInfo.operatingSystemVersionString)"
    }

    /// With a `+` when files differ from it.
    private static var commit: String {
        guard let commit = git(["rev-parse", "--short=12", "HEAD"]) else { return "unknown" }
        let changes = git(["status", "--porcelain", "--untracked-files=no"]) ?? ""
        return commit + (changes.isEmpty ? "" : "+")
    }

    private static func git(_ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // Without git the report says that the commit is unknown.
        guard (try? process.run()) != nil else { return nil }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Memory of this process.
enum Memory {
    /// Resident anonymous bytes; pages of mapped files belong to the system.
    static var anonymousByteCount: Int { byteCount("RssAnon:") }
    /// The most that was resident at a time, mapped files with it.
    static var peakByteCount: Int { byteCount("VmHWM:") }

    private static func byteCount(_ key: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        return (words.dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
}

/// The files of a database.
enum StoredFiles {
    static func paths(_ folder: String) -> [String] {
        (FileManager.default.subpaths(atPath: folder) ?? []).map { folder + "/" + $0 }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    static func byteCount(_ folder: String) -> Int {
        paths(folder).reduce(0) { sum, path in
            var status = stat()
            return stat(path, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
        }
    }

    /// Asks the system to forget the files' pages; returns the bytes that stayed.
    static func drop(_ folder: String) -> Int {
        var resident = 0
        for path in paths(folder) {
            let descriptor = open(path, O_RDONLY)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            let count = Int(lseek(descriptor, 0, SEEK_END))
            #if os(Linux)
                _ = fsync(descriptor)
                _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
                guard count > 0, let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0),
                    base != MAP_FAILED
                else { continue }
                let page = Int(sysconf(Int32(_SC_PAGESIZE)))
                var states = [UInt8](repeating: 0, count: (count + page - 1) / page)
                if mincore(base, count, &states) == 0 { resident += states.count { $0 & 1 == 1 } * page }
                munmap(base, count)
            #endif
        }
        return resident
    }
}
