import BossStorage
import BossTestSupport

/// One seeded run: random work on a simulated machine beside a plain model, compared after every operation.
///
/// A writer and some readers share the machine as processes do. The seed decides everything, down to the bytes
/// of all files, so a failure is repeated by its seed.
///
///     try Simulation(seed: 7).run()
package final class Simulation {
    /// A process that has the database open.
    struct Process {
        let files: SimulatedFileSystem
        let engine: StorageEngine
        /// Failures of the machine before it opened.
        var failuresBefore = 0
        /// Whether nothing failed while it opened.
        var isWhole = true
        /// Whether it has said that it writes no more.
        var hasStopped = false
    }
    struct Reader {
        let process: Process
        /// Number of the oldest state that it may show.
        var floor: Int
        /// Whether the writer is told which files it needs.
        var hasLease = true
    }
    struct HeldView {
        let process: Process
        let view: View
        let entry: ModelHistory.Entry
        /// Whether the files that it needs may be gone.
        var mayFail = false
    }

    package let seed: UInt64
    let configuration: SimulationConfiguration
    let bricks: TestBricks
    /// Choices of the present operation.
    var random: SeededGenerator
    var options: StorageOptions
    var machine: SimulatedFileSystem
    var writer: Process?
    var readers: [Reader] = []
    var held: [HeldView] = []
    var batches: [OpenBatch] = []
    var bulks: [OpenBulk] = []
    var history = ModelHistory()
    /// The state that every reader must have reached.
    var publishedOrdinal = 0
    /// Channels that are written; numbers are never used again.
    var channels: [UInt32]
    var lastChannel: UInt32
    /// The shortest time for which older versions were ever to be kept, in microseconds.
    var shortestRetention: Int64 = 86_400_000_000
    /// Operations until failures end; nil without any.
    var failureWindow: Int?
    /// Whether a failure that was made to happen says that the disk is full: the history gives way then.
    var hasBeenFull = false
    /// Whether the failures in force may hit reads.
    var failsReads = false
    package internal(set) var statistics = SimulationStatistics()
    private(set) var journal = Journal()
    private var groupsOfChannels: (channels: [UInt32], groups: [(group: PageGroup, codes: [UInt64])]) = (
        [], []
    )

    /// - Parameters:
    ///   - sizes: in place of those that the seed draws.
    ///   - isCalm: without failures and crashes within operations, whose effect depends on sizes.
    package init(
        seed: UInt64, sizes: SimulationSizes? = nil, isCalm: Bool = false, operationCount: Int? = nil
    ) {
        self.seed = seed
        configuration = SimulationConfiguration(
            seed: seed, sizes: sizes, isCalm: isCalm, operationCount: operationCount)
        random = SeededGenerator(seed: seed)
        bricks = TestBricks(
            brickByteCount: configuration.brickByteCount, preference: configuration.compression)
        options = configuration.options
        machine = SimulatedFileSystem(seed: seed)
        channels = (1...configuration.channelCount).map { UInt32($0) }
        lastChannel = UInt32(configuration.channelCount)
    }

    /// Bytes of a brick, for sizes.
    package var brickByteCount: Int { configuration.brickByteCount }

    /// Does everything.
    ///
    /// - Parameter skips: numbers of operations to leave out.
    /// - Throws: `SimulationFailure`.
    package func run(skipping skips: Set<Int> = []) throws {
        for number in 0..<configuration.operationCount where !skips.contains(number) {
            do {
                try step(number)
            } catch {
                throw SimulationFailure(
                    seed: seed, operation: number, reason: "\(error)", journal: journal.lines,
                    configuration: configuration.description)
            }
        }
        held = []
        batches = []
        bulks = []
        readers = []
        statistics.absorb(machine)
        statistics.runs += 1
    }

    private func step(_ number: Int) throws {
        random = SeededGenerator(seed: seed &* 0xD134_2543_DE82_EF95 &+ UInt64(number))
        // The first numbers of neighbouring seeds resemble each other in nothing.
        let action = configuration.draw(using: &random)
        journal.begin(number, action.name)
        statistics.operations += 1
        do {
            if action.needsWriter, writer == nil { try openWriter() }
            if !action.needsWriter || writer != nil { try action.perform(self) }
            try endFailures()
            if number % 50 == 49 {
                try compareEverything()
            } else {
                try compareSample()
            }
        } catch _ as ProcessEnded {
            try survive()
        }
    }

    func note(_ text: @autoclosure () -> String) { journal.note(text()) }

    /// All cuboids that the run writes, of channels that exist, by group.
    var groups: [(group: PageGroup, codes: [UInt64])] {
        if groupsOfChannels.channels != channels {
            groupsOfChannels = (channels, groups(of: channels))
        }
        return groupsOfChannels.groups
    }

    func groups(of channels: [UInt32]) -> [(group: PageGroup, codes: [UInt64])] {
        channels.sorted().flatMap { channel in
            (0..<configuration.timeCount).map { time in
                (
                    PageGroup(channel: channel, resolution: 0, time: time),
                    Array(0..<configuration.codeCount)
                )
            }
        }
    }
}

/// A process has ended in the middle of what it did.
struct ProcessEnded: Error {}

/// What was done last, in words.
struct Journal {
    private static let limit = 20
    private(set) var lines: [String] = []

    mutating func begin(_ number: Int, _ name: String) {
        if lines.count == Self.limit { lines.removeFirst() }
        lines.append("\(number) \(name)")
    }

    mutating func note(_ text: String) {
        if lines.isEmpty { lines.append("") }
        lines[lines.count - 1] += ", " + text
    }
}

/// A run found a broken promise.
package struct SimulationFailure: Error, CustomStringConvertible {
    package let seed: UInt64
    /// The number of the operation.
    package let operation: Int
    package let reason: String
    package let journal: [String]
    package let configuration: String

    package var description: String {
        "seed \(seed), operation \(operation): \(reason)\n\(configuration)\nlast operations:\n  "
            + journal.joined(separator: "\n  ")
    }
}
