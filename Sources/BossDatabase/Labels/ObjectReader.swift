import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Answers what whole objects are like: from label indexes where some are asked for, from the summaries of all cuboids
/// where all are. Voxels are read of cuboids alone whose pages have no summary.
struct ObjectReader: Sendable {
    let scanner: RegionScanner
    /// What stored labels read as.
    let mapping: LabelMapping?

    private var layout: ChannelLayout { scanner.reader.layout }
    private var group: PageGroup { layout.group(scanner.level, time: scanner.time) }
    private var engine: StorageEngine { scanner.reader.engine }

    /// The objects of a level and a time sample with wanted IDs.
    func objects(
        _ wanted: LabelRanges, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [UInt64: LabelObject] {
        guard wanted != .all else { return try allObjects(&statistics) }
        let answer = try mappingErrors { () throws(StorageError) in
            try engine.find(wanted, group, in: scanner.view, cuboid: layout.grid.cuboid)
        }
        statistics.indexEntryCount += answer.entryCount
        var objects: [UInt64: LabelObject] = [:]
        var start = 0
        while start < answer.labels.count {
            let first = answer.labels[start]
            let end = answer.labels[start...].firstIndex { $0.morton != first.morton } ?? answer.labels.count
            add(answer.labels[start..<end].map(\.label), first.morton, commit: first.sequence, to: &objects)
            start = end
        }
        let pages = try mappingErrors { () throws(StorageError) in
            try scanner.view.locate(group, codes: answer.unknown)
        }
        for page in pages { try scan(page, wanted, to: &objects, &statistics) }
        return objects
    }

    /// IDs of objects of which some cuboid's part has a box that meets a box.
    func ids(
        touching box: VoxelBox, _ wanted: LabelRanges, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> LabelRanges {
        let codes = try scanner.reader.codes(scanner.view, group, box)
        var ids: Set<UInt64> = []
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in
                try scanner.view.locate(group, codes: chunk)
            }
            for page in pages {
                try scanner.cancellation.check()
                var parts: [UInt64: LabelObject] = [:]
                try add(page, to: &parts, &statistics)
                for (id, part) in parts where part.box.intersection(box) != nil { ids.insert(id) }
            }
        }
        let stored = mapping.map { mapping in Set(ids.flatMap(mapping.members)) } ?? ids
        return LabelRanges(ids: stored.filter(wanted.contains))
    }

    /// All objects, ordered by nothing.
    private func allObjects(
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [UInt64: LabelObject] {
        let extent = layout.hierarchy.box(at: scanner.level)
        let codes = try scanner.reader.codes(scanner.view, group, extent)
        var total: [UInt64: LabelObject] = [:]
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in
                try scanner.view.locate(group, codes: chunk)
            }
            let done = Mutex<(objects: [UInt64: LabelObject], statistics: ReadStatistics)>(
                ([:], ReadStatistics()))
            let workers = scanner.reader.workers
            let shareCount = min(pages.count, workers.count * 4)
            try workers.forEach(shareCount) { (number) throws(DatabaseError) in
                var objects: [UInt64: LabelObject] = [:]
                var cost = ReadStatistics()
                for page in pages[number * pages.count / shareCount..<(number + 1) * pages.count / shareCount]
                {
                    try scanner.cancellation.check()
                    try add(page, to: &objects, &cost)
                }
                let (part, spent) = (objects, cost)
                done.withLock {
                    Self.merge(part, into: &$0.objects)
                    $0.statistics += spent
                }
            }
            let result = done.withLock { $0 }
            statistics += result.statistics
            Self.merge(result.objects, into: &total)
            guard total.count <= LabelLimits.objectCount else {
                throw DatabaseError(
                    "53200", "\(layout.path) has too many objects for one answer",
                    hint: "ask for a range of IDs, WHERE id BETWEEN … AND …, or for a region")
            }
        }
        return total
    }

    /// Adds all objects of a cuboid.
    private func add(
        _ page: LocatedPage, to objects: inout [UInt64: LabelObject], _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        let labels = try mappingErrors { () throws(StorageError) in try engine.labels(of: page, group) }
        switch labels {
        case .none: return
        case .constant(let bits):
            statistics.summaryCount += 1
            let whole = VoxelBox(origin: .zero, extent: layout.grid.cuboid)
            add([.filling(whole, with: bits)], page.morton, commit: page.newestSequence, to: &objects)
        case .labels(let labels):
            statistics.summaryCount += 1
            add(labels, page.morton, commit: page.newestSequence, to: &objects)
        case .unknown: try scan(page, .all, to: &objects, &statistics)
        }
    }

    /// Adds labels of one cuboid, those that read as one ID as one.
    private func add(
        _ labels: [PageLabel], _ morton: UInt64, commit: UInt64, to objects: inout [UInt64: LabelObject]
    ) {
        guard let index = try? MortonCode(rawValue: morton).index else { return }
        let origin = layout.grid.box(of: index).lower
        var shown: [UInt64: LabelObject] = [:]
        for label in labels where label.id != layout.backgroundBits {
            let id = mapping?.root(of: label.id) ?? label.id
            let part = LabelObject(
                id, label, at: origin, time: scanner.time, commit: commit, isMapped: mapping != nil)
            guard mapping != nil else {
                if objects[id]?.add(part) == nil { objects[id] = part }
                continue
            }
            if shown[id]?.add(sameCuboid: part) == nil { shown[id] = part }
        }
        Self.merge(shown, into: &objects)
    }

    /// Adds the objects of a cuboid by its voxels.
    private func scan(
        _ page: LocatedPage, _ wanted: LabelRanges, to objects: inout [UInt64: LabelObject],
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        guard let labels = try labels(ofVoxels: page, &statistics) else {
            throw DatabaseError(
                "53200", "a cuboid of \(layout.path) holds too many IDs for memory",
                hint: "create the channel with smaller cuboids")
        }
        add(
            labels.filter { wanted.contains($0.id) }, page.morton, commit: page.newestSequence, to: &objects)
    }

    /// All labels of a cuboid by its voxels, ascending; nil when there are too many.
    func labels(
        ofVoxels page: LocatedPage, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [PageLabel]? {
        guard let scope = layout.labelScope else { return nil }
        let engine = scanner.reader.engine
        let resolved = try mappingErrors { () throws(StorageError) in try engine.resolve(page, group) }
        statistics.pageCount += 1
        var collector = LabelCollector(scope: scope)
        if let bits = resolved.constantBits {
            for brick in 0..<layout.grid.brickCount { collector.add(constant: bits, brick: brick) }
            return collector.sorted
        }
        for brick in 0..<layout.grid.brickCount {
            let source = resolved.source(ofBrick: brick)
            if case .stored = source { statistics.brickCount += 1 }
            do throws(StorageError) { try collector.add(source, brick: brick, from: engine) } catch {
                throw DatabaseError(error)
            }
        }
        return collector.sorted
    }

    static func merge(_ part: [UInt64: LabelObject], into total: inout [UInt64: LabelObject]) {
        total.merge(part) { left, right in
            var sum = left
            sum.add(right)
            return sum
        }
    }
}
