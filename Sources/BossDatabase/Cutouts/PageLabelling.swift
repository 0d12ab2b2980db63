import BossGeometry
import BossStorage

/// Finds the labels of a cuboid's new page: from those it had, as far as they are known.
struct PageLabelling {
    let writer: CutoutWriter
    /// What the page is laid over.
    let base: ResolvedPage
    let key: CuboidKey
    /// Bricks that differ, or may differ, from what is committed.
    let listed: Set<Int>
    /// Those of them that the builder has the labels of.
    let computed: Set<Int>

    /// Completes the page.
    func finish(_ builder: inout PageBuilder, isFull: Bool) throws(StorageError) -> EncodedPage {
        guard let scope = writer.layout.labelScope else { return builder.finish(labels: nil) }
        // A further page of a transaction takes the place of its delta.
        let committed = base.located.withoutPendingDelta
        for brick in listed.subtracting(computed) {
            try builder.collect(brick: brick, base.source(ofBrick: brick), from: writer.engine)
        }
        if isFull, isAllListed(scope) { return builder.finish() }
        let known = try writer.engine.labels(of: committed, key.group)
        if case .labels(let old) = known,
            let labels = try revise(old, committed, builder.collected, scope)
        {
            return builder.finish(
                labels: isFull ? labels : PageSummary.difference(from: old, to: labels))
        }
        if !isFull, case .none = known { return builder.finish(labels: builder.collected) }
        guard isFull else { return builder.finish(labels: nil) }
        for brick in 0..<scope.grid.brickCount where !listed.contains(brick) {
            try builder.collect(brick: brick, base.source(ofBrick: brick), from: writer.engine)
        }
        return builder.finish()
    }

    /// Whether the bricks that are not listed have no labels, as those beyond the frame.
    private func isAllListed(_ scope: LabelScope) -> Bool {
        (0..<scope.grid.brickCount).allSatisfy { brick in
            if listed.contains(brick) { return true }
            return switch base.source(ofBrick: brick) {
            case .background: true
            case .constant(let bits): bits == scope.backgroundBits
            case .stored: false
            }
        }
    }

    private func revise(
        _ old: [PageLabel], _ committed: LocatedPage, _ added: [PageLabel]?, _ scope: LabelScope
    ) throws(StorageError) -> [PageLabel]? {
        let below = try writer.engine.resolve(committed, key.group)
        var removed = LabelCollector(scope: scope)
        for brick in listed {
            try removed.add(below.source(ofBrick: brick), brick: brick, from: writer.engine)
        }
        guard let minus = removed.sorted, let plus = added else { return nil }
        return try LabelRevision.revise(old, removing: minus, adding: plus) { () throws(StorageError) in
            var others = LabelCollector(scope: scope)
            for brick in 0..<scope.grid.brickCount where !listed.contains(brick) {
                try others.add(below.source(ofBrick: brick), brick: brick, from: writer.engine)
            }
            return others.sorted
        }
    }
}
