/// The labels of a cuboid after some of its bricks were replaced.
///
/// Counts and sums follow by subtraction. So do boxes, but where the old voxels of a replaced brick reached the edge of a
/// label's box and the new ones do not: then only the other bricks tell how far the label goes.
package enum LabelRevision {
    /// The new labels, ascending; nil where they cannot be known, and where they contradict each other because what was
    /// stored is wrong.
    ///
    /// - Parameters:
    ///   - old: all labels of the cuboid before, ascending.
    ///   - removed: those of the replaced bricks before, ascending.
    ///   - added: those of the replaced bricks after, ascending.
    ///   - others: the labels of all other bricks, ascending; asked for at most once, nil where they are not known.
    package static func revise<Failure: Error>(
        _ old: [PageLabel], removing removed: [PageLabel], adding added: [PageLabel],
        others: () throws(Failure) -> [PageLabel]?
    ) throws(Failure) -> [PageLabel]? {
        var result: [PageLabel] = []
        result.reserveCapacity(old.count + added.count)
        var doubtful: [Int] = []
        var walk = (old: old[...], removed: removed[...], added: added[...])
        while let id = [walk.old.first?.id, walk.removed.first?.id, walk.added.first?.id].compactMap({ $0 })
            .min()
        {
            let whole = walk.old.pop(id)
            let (minus, plus) = (walk.removed.pop(id), walk.added.pop(id))
            guard let minus else {
                var label = whole ?? .gone(id)
                if let plus { label.add(plus) }
                result.append(label)
                continue
            }
            guard var rest = whole, rest.subtract(minus) else { return nil }
            guard rest.voxelCount > 0 else {
                if let plus { result.append(plus) }
                continue
            }
            #if SEEDED_DEFECTS
                let isKept = SeededDefect.isOn(.summaryKeepsBoxes)
            #else
                let isKept = false
            #endif
            if !isKept, !rest.keepsBox(without: minus, but: plus) { doubtful.append(result.count) }
            if let plus { rest.add(plus) }
            result.append(rest)
        }
        if !doubtful.isEmpty {
            guard let others = try others() else { return nil }
            for position in doubtful {
                let id = result[position].id
                let there = others.firstIndex(notBelow: id)
                guard there < others.count, others[there].id == id else { return nil }
                result[position].take(boxOf: others[there], and: added)
            }
        }
        return result.allSatisfy(\.isPossible) ? result : nil
    }
}

extension ArraySlice<PageLabel> {
    /// Takes the first label, if it is the one.
    fileprivate mutating func pop(_ id: UInt64) -> PageLabel? {
        first?.id == id ? removeFirst() : nil
    }
}

extension PageLabel {
    /// Takes voxels away and leaves the box; false if there are not as many.
    fileprivate mutating func subtract(_ other: PageLabel) -> Bool {
        guard other.voxelCount <= voxelCount, other.sumX <= sumX, other.sumY <= sumY, other.sumZ <= sumZ
        else {
            return false
        }
        voxelCount -= other.voxelCount
        sumX -= other.sumX
        sumY -= other.sumY
        sumZ -= other.sumZ
        return true
    }

    /// Whether each end of the box is reached by other voxels than the removed ones, or by the added ones.
    fileprivate func keepsBox(without removed: PageLabel, but added: PageLabel?) -> Bool {
        (0..<3).allSatisfy { axis in
            let isLowerKept =
                removed.lower[axis] > lower[axis] || added.map { $0.lower[axis] <= lower[axis] } ?? false
            let isUpperKept =
                removed.upper[axis] < upper[axis] || added.map { $0.upper[axis] >= upper[axis] } ?? false
            return isLowerKept && isUpperKept
        }
    }

    /// Takes the box of the same label elsewhere, and what was added.
    fileprivate mutating func take(boxOf other: PageLabel, and added: [PageLabel]) {
        lower = other.lower
        upper = other.upper
        let position = added.firstIndex(notBelow: id)
        guard position < added.count, added[position].id == id else { return }
        lower = pointwiseMin(lower, added[position].lower)
        upper = pointwiseMax(upper, added[position].upper)
    }
}
