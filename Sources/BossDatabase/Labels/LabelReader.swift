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

    /// What was found; merged from parts in any order.
    struct Found: Sendable {
        var table = LabelTable(tracksBoxes: true)
        /// Cuboids that have voxels of a label.
        var cuboidCounts: [UInt64: Int] = [:]

        mutating func add(_ id: UInt64, voxelCount: Int, box: VoxelBox) {
            table.add(id, voxelCount: voxelCount, box: box)
            cuboidCounts[id, default: 0] += 1
        }

        /// Adds what one cuboid has, under the IDs that its labels read as.
        mutating func add(cuboid other: Found, _ mapping: LabelMapping) {
            let shown = mapping.applied(to: other.table)
            table.merge(shown)
            for id in shown.sortedIDs { cuboidCounts[id, default: 0] += 1 }
        }

        mutating func merge(_ other: Found) {
            table.merge(other.table)
            cuboidCounts.merge(other.cuboidCounts) { $0 + $1 }
        }
    }

    private var layout: ChannelLayout { scanner.reader.layout }
    private var group: PageGroup { layout.group(scanner.level, time: scanner.time) }

    /// The labels of a box.
    ///
    /// - Throws: 53200 when there are too many to hold, XX001, 57014.
    func read(_ box: VoxelBox, _ statistics: inout ReadStatistics) throws(DatabaseError) -> Found {
        let codes = try codes(box, &statistics)
        var total = Found()
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in
                try scanner.view.locate(group, codes: chunk)
            }
            let done = Mutex<(found: Found, statistics: ReadStatistics)>((Found(), ReadStatistics()))
            let workers = scanner.reader.workers
            let shareCount = min(pages.count, workers.count * 4)
            try workers.forEach(shareCount) { (number) throws(DatabaseError) in
                var found = Found()
                var cost = ReadStatistics()
                for page in pages[number * pages.count / shareCount..<(number + 1) * pages.count / shareCount]
                {
                    try scanner.cancellation.check()
                    guard let mapping else {
                        try add(page, box, to: &found, &cost)
                        continue
                    }
                    var cuboid = Found()
                    try add(page, box, to: &cuboid, &cost)
                    found.add(cuboid: cuboid, mapping)
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

    private func add(
        _ page: LocatedPage, _ box: VoxelBox, to found: inout Found, _ statistics: inout ReadStatistics
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
            guard bits != layout.backgroundBits, wanted.contains(bits) else { return }
            found.add(bits, voxelCount: clip.voxelCount, box: clip)
        case .labels(let labels):
            statistics.summaryCount += 1
            var crosses = false
            for label in labels where wanted.contains(label.id) {
                #if SEEDED_DEFECTS
                    let place = label.box.offset(by: cuboid.lower).missingEdge(
                        of: layout.grid, isOn: SeededDefect.isOn(.boxesMissCuboidEdge))
                #else
                    let place = label.box.offset(by: cuboid.lower)
                #endif
                if clip.contains(place) {
                    found.add(label.id, voxelCount: Int(label.voxelCount), box: place)
                } else if clip.intersection(place) != nil {
                    crosses = true
                }
            }
            guard crosses else { return }
            let inside = Set(labels.lazy.filter { clip.contains($0.box.offset(by: cuboid.lower)) }.map(\.id))
            try scan(page, clip, to: &found, &statistics) { !inside.contains($0) }
        case .unknown: try scan(page, clip, to: &found, &statistics) { _ in true }
        }
    }

    /// Counts the voxels of a cuboid's part, as far as their labels are wanted.
    private func scan(
        _ page: LocatedPage, _ clip: VoxelBox, to found: inout Found, _ statistics: inout ReadStatistics,
        _ isOpen: (UInt64) -> Bool
    ) throws(DatabaseError) {
        var table = LabelTable(tracksBoxes: true)
        let background = layout.backgroundBits
        try scanner.scan(page, group, clip, &statistics) { (part, content) throws(DatabaseError) in
            table.add(content, part, skipping: background)
        }
        for entry in table.sortedEntries where wanted.contains(entry.id) && isOpen(entry.id) {
            guard let box = entry.box else { continue }
            found.add(entry.id, voxelCount: entry.voxelCount, box: box)
        }
    }

    private func refuseTooMany(_ found: Found) throws(DatabaseError) {
        guard found.table.byteCount <= LabelLimits.tableByteCount else {
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

extension LabelTable {
    /// Adds what a scan met in a box.
    mutating func add(_ content: RegionScanner.Content, _ box: VoxelBox, skipping background: UInt64) {
        switch content {
        case .constant(let bits): if bits != background { add(bits, voxelCount: box.voxelCount, box: box) }
        case .voxels(let window): add(window, origin: box.lower, skipping: background)
        }
    }
}
