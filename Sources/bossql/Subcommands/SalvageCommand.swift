import ArgumentParser
import BossDatabase

/// `bossql salvage`
struct SalvageCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql salvage",
        abstract: "Save what is whole in a damaged database into a new one.",
        usage: "bossql salvage DAMAGED NEWDB [--losses FILE]",
        discussion: """
            Every brick whose checksum fits is taken over, in its newest state; snapshots and older versions are not. \
            The names of channels come from the catalog. Where it is damaged, what can be read of it is used; where it \
            is missing, names, types and shapes are made up from the data, and it is said what was guessed. What could \
            not be saved is listed by channel, resolution level, time sample and voxels; where only the catalog is left, \
            the new database has its channels without voxels. Files of a newer format are refused by name. DAMAGED is only read; close \
            every program that writes to it first. NEWDB is a folder that does not exist or is empty.

            EXAMPLES
              bossql check lab.bossdb
              bossql salvage lab.bossdb lab-saved.bossdb --losses lost.csv
              bossql lab-saved.bossdb -c '.tree'

            LIST OF LOSSES
              FILE has a row for each brick, cuboid or stretch of cuboids that was lost, and one for each remark: as \
            CSV, or as JSON if its name ends with .json. Ranges are half-open, in voxels of the level. Of a stretch at \
            most count cuboids were lost, and it is not known which: they lie inside of its ranges, from cuboid to \
            last_cuboid in Morton order, in the time samples from time to last_time. Without a last_cuboid the stretch \
            goes on to the end of the level, and without ranges the channel's shape or frame is not known. If FILE \
            cannot be written in the end, its rows go to standard output.

            EXIT STATUS
              0 nothing of the newest state was lost, 3 something was or may be, 1 it could not be made, or FILE could \
            not be written, 2 bad usage, 130 ended by Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("The folder of the damaged database.", valueName: "DAMAGED"))
    var damaged: String

    @Argument(help: ArgumentHelp("The folder of the new database.", valueName: "NEWDB"))
    var database: String

    @Option(
        name: .long, help: ArgumentHelp("Write all losses to a new file, CSV or JSON.", valueName: "FILE"))
    var losses: String?

    /// Lines of losses on the screen.
    private static let lineLimit = 30

    func status() -> Int32 {
        let (source, target) = (CommandRun.found(damaged), CommandRun.new(database))
        return CommandRun.status(of: source) { run in
            let file = try losses.map { try LossFile($0, besides: [source, target]) }
            let outcome: SalvageOutcome
            do {
                outcome = try run.controlled { (control) throws(DatabaseError) in
                    try Database.salvage(source, to: target, control: control)
                }
            } catch {
                file?.remove()
                throw error
            }
            write(outcome, source, target, run)
            try? run.output.flush()
            do throws(DatabaseError) { try file?.write(outcome) } catch {
                run.write("\n")
                try? file?.write(outcome, to: run.output)
                return CommandRun.refuse(error)
            }
            return outcome.isComplete && outcome.findings.isEmpty ? 0 : CommandRun.damaged
        }
    }

    private func write(_ outcome: SalvageOutcome, _ source: String, _ target: String, _ run: CommandRun) {
        let (from, to) = (DisplayWidth.printable(source), DisplayWidth.printable(target))
        run.write(
            "salvaged \(from) to \(to): \(CommandRun.count(outcome.cuboidCount, "cuboid")) of "
                + "\(CommandRun.count(outcome.channels.count, "channel"))\n")
        writeChannels(outcome, run)
        let lines = LossLine.lines(outcome.losses)
        if !lines.isEmpty { run.write("\nLOST\n") }
        for line in lines.prefix(Self.lineLimit) { run.write("  \(line)\n") }
        if lines.count > Self.lineLimit {
            let rest = "  and \(lines.count - Self.lineLimit) more"
            run.write(
                rest + (losses.map { ", all of them in \($0)\n" } ?? "; --losses FILE writes them all\n"))
        }
        Self.write(
            outcome.remarks, under: outcome.losses.isEmpty ? "LOST, OR MAY BE" : "ALSO LOST, OR MAY BE", run)
        Self.write(outcome.notes, under: "NOTES", run)
        for finding in outcome.findings { run.write("\n" + CheckCommand.text(finding)) }
        let isWhole = outcome.isComplete && outcome.findings.isEmpty
        run.write(
            isWhole
                ? "\nnothing of the newest state was lost\n"
                : "\nNOT EVERYTHING could be saved; the source was not changed\n")
    }

    private func writeChannels(_ outcome: SalvageOutcome, _ run: CommandRun) {
        switch outcome.catalog {
        case .carriedOver: break
        case .partly: run.write("the catalog is damaged: what could be read of it was taken over\n")
        case .madeAnew: run.write("the catalog is lost: names, types and shapes are made up\n")
        }
        let width = outcome.channels.map { DisplayWidth.of($0.path) }.max() ?? 0
        let lost = Dictionary(grouping: outcome.losses, by: \.channelNumber)
        for channel in outcome.channels {
            let space = String(repeating: " ", count: width - DisplayWidth.of(channel.path))
            let losses = LossLine.cuboids(lost[channel.number] ?? [])
            run.write("  \(channel.path)\(space)  \(CommandRun.count(channel.cuboidCount, "cuboid")) saved")
            run.write(losses.map { ", losses in \($0)\n" } ?? "\n")
            for guess in channel.guesses { run.write("      GUESSED: \(guess)\n") }
        }
    }

    private static func write(_ texts: [String], under heading: String, _ run: CommandRun) {
        guard !texts.isEmpty else { return }
        run.write("\n\(heading)\n")
        for text in texts { run.write("  \(DisplayWidth.printable(text))\n") }
    }
}
