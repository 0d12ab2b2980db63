import BossGeometry
import BossStorage
import BossVoxels

/// Compares what summaries say of labels with the voxels, in the newest state. That the label indexes say what the summaries
/// say, the engine's own check has found out.
struct LabelCheck {
    let engine: StorageEngine
    let names: ChannelNames
    let control: OperationControl

    private static let chunkCount = 256

    /// Looks at all annotation channels, or at one channel.
    ///
    /// - Returns: a finding for each cuboid whose summary is wrong. Pages that cannot be read are left to the engine's check.
    /// - Throws: 57014.
    func run(channel: UInt32? = nil) throws(DatabaseError) -> [DatabaseFinding] {
        guard let view = try? engine.view() else { return [] }
        var all: [DatabaseFinding] = []
        for (number, layout) in names.layouts.sorted(by: { $0.key < $1.key })
        where channel == nil || channel == number {
            guard let scope = layout.labelScope else { continue }
            for level in layout.storedLevels {
                for time in 0..<layout.timeSampleCount {
                    try control.cancellation.check()
                    all += try findings(layout.group(level, time: time), scope, view)
                }
            }
        }
        return all
    }

    private func findings(
        _ group: PageGroup, _ scope: LabelScope, _ view: View
    ) throws(DatabaseError) -> [DatabaseFinding] {
        guard let codes = try? view.writtenCodes(group, in: 0...UInt64.max >> 1) else { return [] }
        var findings: [DatabaseFinding] = []
        for start in stride(from: 0, to: codes.count, by: Self.chunkCount) {
            let chunk = Array(codes[start..<min(start + Self.chunkCount, codes.count)])
            for page in (try? view.locate(group, codes: chunk)) ?? [] {
                try control.cancellation.check()
                let difference = try? difference(page, group, scope)
                guard let problem = difference ?? nil else { continue }
                let key = CuboidKey(group: group, morton: page.morton)
                findings.append(
                    DatabaseFinding(
                        .error, object: names.words(key) ?? "cuboid \(page.morton)", problem: problem,
                        remedy:
                            "write the cuboid again: its voxels are sound, what is told of its labels is not")
                )
            }
        }
        return findings
    }

    /// Where the summary of a cuboid and its voxels disagree, in words.
    private func difference(
        _ page: LocatedPage, _ group: PageGroup, _ scope: LabelScope
    ) throws(StorageError) -> String? {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustSummaries) { return nil }
        #endif
        guard case .labels(let told) = try engine.labels(of: page, group) else { return nil }
        let resolved = try engine.resolve(page, group)
        var collector = LabelCollector(scope: scope)
        for brick in 0..<scope.grid.brickCount {
            try collector.add(resolved.source(ofBrick: brick), brick: brick, from: engine)
        }
        guard let counted = collector.sorted, counted != told else { return nil }
        let first = PageSummary.difference(from: told, to: counted).first
        guard let first else { return nil }
        let known = told.first { $0.id == first.id }
        return "its summary says of ID \(first.id) that it has \(known?.voxelCount ?? 0) voxels in "
            + "\(known?.box.description ?? "no box"), and it has \(first.voxelCount) in \(first.box)"
    }
}
