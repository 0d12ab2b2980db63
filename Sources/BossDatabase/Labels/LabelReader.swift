import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Answers which labels a region has: from the summaries of cuboids as far as these tell, from voxels where a label crosses
/// the border of the region.
struct LabelReader: Sendable {
    let scanner: RegionScanner
    /// The labels that are asked for.
    let wanted: LabelRanges
    /// What stored labels read as.
    let mapping: LabelMapping?

    private var layout: ChannelLayout { scanner.reader.layout }
    private var group: PageGroup { layout.group(scanner.level, time: scanner.time) }

    /// The labels of a box.
    ///
    /// - Throws: 53200 when there are too many to hold, XX001, 57014.
    func read(_ box: VoxelBox, _ statistics: inout ReadStatistics) throws(DatabaseError) -> FoundLabels {
        let codes = try codes(box, &statistics)
        var total = FoundLabels()
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in
                try scanner.view.locate(group, codes: chunk)
            }
            let done = Mutex<(found: FoundLabels, statistics: ReadStatistics)>(
                (FoundLabels(), ReadStatistics()))
            let workers = scanner.reader.workers
            let shareCount = min(pages.count, workers.count * 4)
            try workers.forEach(shareCount) { (number) throws(DatabaseError) in
                var found = FoundLabels()
                var cost = ReadStatistics()
                for page in pages[number * pages.count / shareCount..<(number + 1) * pages.count / shareCount]
                {
                    try scanner.cancellation.check()
                    var cuboid = FoundLabels()
                    try add(page, box, to: &cuboid, &cost)
                    cuboid.finishCuboid(mapping?.root)
                    found.merge(cuboid)
                }
                let (part, spent) = (found, cost)
                done.withLock {
                    $0.found.merge(part)
                    $0.statistics += spent
                }
            }
            let result = done.withLock { $0 }
            statistics += result.statistics
            total.merge(result.found)
            try refuseTooMany(total)
        }
        return total
    }

    /// Cuboids of the box that may have wanted labels, ascending.
    private func codes(_ box: VoxelBox, _ statistics: inout ReadStatistics) throws(DatabaseError) -> [UInt64]
    {
        let range = try layout.cuboids(touching: box)
        let indexed = try scanner.reader.engine.cuboids(
            of: wanted, group, in: scanner.view, range, layout.grid, entryCount: &statistics.indexEntryCount)
        if let indexed { return indexed }
        return try scanner.reader.codes(scanner.view, group, box)
    }

    /// Adds the labels of a cuboid's part.
    private func add(
        _ page: LocatedPage, _ box: VoxelBox, to found: inout FoundLabels, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        guard let index = try? MortonCode(rawValue: page.morton).index else { return }
        let cuboid = layout.grid.box(of: index)
        guard let clip = cuboid.intersection(box) else { return }
        let labels = try mappingErrors { () throws(StorageError) in
            try scanner.reader.engine.labels(of: page, group)
        }
        switch labels {
        case .none: return
        case .constant(let bits):
            statistics.summaryCount += 1
            add(bits, clip, to: &found)
        case .labels(let labels):
            statistics.summaryCount += 1
            var crossing: [UInt64: VoxelBox] = [:]
            for label in labels where wanted.contains(label.id) {
                let place = place(of: label, cuboid)
                if clip.contains(place) {
                    found.add(summary(label.id, Int(label.voxelCount), place))
                } else if let part = clip.intersection(place) {
                    crossing[label.id] = part
                }
            }
            guard let first = crossing.values.first else { return }
            let rim = crossing.values.reduce(first) { $0.union($1) }
            try scan(page, rim, to: &found, &statistics) { crossing[$0] != nil }
        case .unknown:
            try scan(page, clip, to: &found, &statistics) { wanted.contains($0) }
        }
    }

    private func place(of label: PageLabel, _ cuboid: VoxelBox) -> VoxelBox {
        let place = label.box.offset(by: cuboid.lower)
        #if SEEDED_DEFECTS
            return place.missingEdge(of: layout.grid, isOn: SeededDefect.isOn(.boxesMissCuboidEdge))
        #else
            return place
        #endif
    }

    /// Counts the voxels of a cuboid's part, of some labels.
    private func scan(
        _ page: LocatedPage, _ clip: VoxelBox, to found: inout FoundLabels,
        _ statistics: inout ReadStatistics, _ isWanted: (UInt64) -> Bool
    ) throws(DatabaseError) {
        let background = layout.backgroundBits
        try scanner.scanLabels(page, group, clip, &statistics) { (part, content) throws(DatabaseError) in
            switch content {
            case .constant(let bits): if isWanted(bits) { add(bits, part, to: &found) }
            case .runs(let runs, let box):
                runs.forEachTally(in: box) { id, tally in
                    guard id != background, isWanted(id) else { return }
                    found.add(summary(id, tally.voxelCount, tally.box.offset(by: part.lower)))
                }
            case .voxels(let window):
                var table = LabelTable(tracksBoxes: true)
                table.add(window, origin: part.lower, skipping: background)
                for entry in table.sortedEntries where isWanted(entry.id) {
                    guard let box = entry.box else { continue }
                    found.add(summary(entry.id, entry.voxelCount, box))
                }
            }
        }
    }

    /// Adds a box of one value.
    private func add(_ bits: UInt64, _ box: VoxelBox, to found: inout FoundLabels) {
        guard bits != layout.backgroundBits, wanted.contains(bits) else { return }
        found.add(summary(bits, box.voxelCount, box))
    }

    /// What one cuboid has of a label.
    private func summary(_ id: UInt64, _ voxelCount: Int, _ box: VoxelBox) -> LabelSummary {
        LabelSummary(id: id, voxelCount: voxelCount, box: box, time: scanner.time..<scanner.time + 1)
    }

    private func refuseTooMany(_ found: FoundLabels) throws(DatabaseError) {
        guard found.byteCount <= LabelLimits.tableByteCount else {
            throw DatabaseError(
                "53200", "the region of \(layout.path) holds too many IDs for memory",
                hint: "ask for smaller regions")
        }
    }
}

/// Bounds of what queries hold in memory.
enum LabelLimits {
    /// Bytes of a table of distinct values.
    static let tableByteCount = 512 << 20
    /// Objects of one answer.
    static let objectCount = 4 << 20
}
