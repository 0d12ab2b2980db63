import ArgumentParser
import Foundation

/// `bossql-labels`: measures label codec, label index and questions about objects, each beside the naive way in the same run.
///
/// It is a program of the main package, since another package cannot see codecs and pages.
@main
struct LabelBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bossql-labels",
        abstract: "Measure the label codec, the label index and questions about objects.",
        discussion: """
            Without --source the labels are generated. A real segmentation is an .npy file of UINT32 or UINT64 in the order z, y, x;
            it is continued by mirrored copies whose IDs differ from its own.
            """)

    @Option(help: "An .npy file with a segmentation.")
    var source: String?

    @Option(parsing: .upToNextOption, help: "Voxels along x, y and z.")
    var extent = [1024, 512, 512]

    @Flag(help: "A small volume and few entries, for continuous integration.")
    var quick = false

    @Option(help: "Where the temporary folder is made; the file system under it is measured too.")
    var directory: String?

    @Option(help: "Largest number of index entries.")
    var entries = 100_000_000

    @Option(parsing: .upToNextOption, help: "codec, ingest, questions, entries; all of them by default.")
    var only = Section.allCases.map(\.rawValue)

    enum Section: String, CaseIterable { case codec, ingest, questions, entries }

    func validate() throws {
        guard extent.count == 3, extent.allSatisfy({ 1...(1 << 20) ~= $0 }) else {
            throw ValidationError("--extent takes three lengths")
        }
        for name in only where Section(rawValue: name) == nil { throw ValidationError("no section \(name)") }
    }

    func run() throws {
        let folder =
            (directory ?? FileManager.default.temporaryDirectory.path)
            + "/bossql-labels-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A temporary folder.
        print("BossQL labels, \(MachineDescription.text)")
        let sections = only.compactMap(Section.init(rawValue:))
        if sections.contains(where: { $0 != .entries }) {
            let shape = quick ? [512, 512, 64] : extent
            let data = try LabelData(extent: shape, source: source)
            print("data: \(data.description)")
            if sections.contains(.codec) { try CodecComparison(data: data).report() }
            if sections.contains(.ingest) { try IngestCost(data: data, folder: folder).report() }
            if sections.contains(.questions) { try Questions(data: data, folder: folder).report() }
        }
        if sections.contains(.entries) {
            try EntryScale(folder: folder).report(largest: quick ? 1_000_000 : entries)
        }
    }
}
