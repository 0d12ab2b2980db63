/// What was done so far.
package struct KillReport: Sendable {
    /// Kills of a writer at work, of one that recovers, and of readers.
    package var kills = 0
    package var recoveryKills = 0
    package var readerKills = 0
    /// Databases begun.
    package var databases = 0
    /// Statements whose answer came before the kill, and the voxels compared after it.
    package var acknowledged = 0
    package var comparedBytes = 0
    /// Kills by the statement under way.
    package var phases: [String: Int] = [:]
    /// Statements under way that were there afterwards, and that were not.
    package var present = 0
    package var absent = 0
    package var quickChecks = 0
    package var fullChecks = 0
    /// What they called warnings.
    package var warnings = 0
    package var lastWarning = "none"
    /// Backups opened and compared, those cut off looked at.
    package var backups = 0
    package var brokenBackups = 0
    /// Second writers refused with the holder's process.
    package var refusals = 0
    /// Reads beside the writer, and openings that had to wait for a writer.
    package var reads = 0
    package var waits = 0
    package var races = 0
    /// From the start of the program to its first answer, after a kill.
    package var longestReadySeconds = 0.0

    /// Counts what readers have done.
    mutating func add(_ readers: (reads: Int, kills: Int, waits: Int)) {
        reads += readers.reads
        readerKills += readers.kills
        waits += readers.waits
    }

    /// One line while it goes on.
    package var shortText: String {
        "\(kills) kills, \(recoveryKills) during recovery, \(acknowledged) statements acknowledged, \(reads) reads, "
            + "\(races) races"
    }

    /// For people.
    package var text: String {
        let places = phases.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        let warned = warnings == 0 ? "" : "\n  \(warnings) warnings of CHECK, the last one: \(lastWarning)"
        return """
            \(kills) kills of a writer on \(databases) databases, \(recoveryKills) more during recovery, \
            \(acknowledged) statements acknowledged
              under way: \(places.joined(separator: ", "))
              afterwards \(present) of these were there, \(absent) were not; \(comparedBytes >> 20) MiB compared, \
            \(quickChecks) quick and \(fullChecks) full checks
              \(backups) backups opened and compared, \(brokenBackups) that were cut off
              beside the writer \(reads) reads, \(readerKills) readers killed, \(waits) had to wait for a writer; \
            \(refusals) second writers refused
              \(races) races of two writers, one won each; longest restart to ready \
            \(Double(Int(longestReadySeconds * 1000)) / 1000) s\(warned)
            """
    }
}
