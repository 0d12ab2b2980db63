import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

extension Channel {
    /// A label that no label of the newest state is above, at the base level of any time sample; 0 without labels.
    ///
    /// IDs that were merged, or that others were merged into, count as well, and so may labels that were overwritten. The
    /// label index tells; bricks are looked at where pages have no summary, and of bricks of labels only the palette.
    func largestID(view: DatabaseView, control: OperationControl) throws(DatabaseError) -> UInt64 {
        let base = try layout.baseLevel
        var largest = try mapping(in: view)?.largestID ?? 0
        for time in 0..<layout.timeSampleCount {
            try control.cancellation.check()
            let group = layout.group(base, time: time)
            let known = try mappingErrors { () throws(StorageError) in
                guard try view.view.isWritten(group) else { return (largest: UInt64(0), unknown: [UInt64]()) }
                return try database.engine.largestLabel(
                    group, in: view.view, besides: layout.backgroundBits)
            }
            let scanned = try largestID(ofCuboids: known.unknown, group, view, control)
            largest = max(largest, known.largest, scanned)
        }
        return largest
    }

    private func largestID(
        ofCuboids codes: [UInt64], _ group: PageGroup, _ view: DatabaseView, _ control: OperationControl
    ) throws(DatabaseError) -> UInt64 {
        let largest = Mutex(UInt64(0))
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            let pages = try mappingErrors { () throws(StorageError) in
                try view.view.locate(group, codes: chunk)
            }
            try database.workers.forEach(pages.count) { (number) throws(DatabaseError) in
                try control.cancellation.check()
                let found = try largestID(of: pages[number], group)
                largest.withLock { $0 = max($0, found) }
            }
        }
        return largest.withLock { $0 }
    }

    private func largestID(of page: LocatedPage, _ group: PageGroup) throws(DatabaseError) -> UInt64 {
        let resolved = try mappingErrors { () throws(StorageError) in
            try database.engine.resolve(page, group)
        }
        guard resolved.isWritten else { return 0 }
        if let bits = resolved.constantBits { return bits }
        var largest: UInt64 = 0
        for brick in 0..<layout.grid.brickCount {
            switch resolved.source(ofBrick: brick) {
            case .background: break
            case .constant(let bits): largest = max(largest, bits)
            case .stored(let stored): largest = max(largest, try largestID(of: stored))
            }
        }
        return largest
    }

    private func largestID(of brick: StoredBrick) throws(DatabaseError) -> UInt64 {
        var cost = BrickReadCost()
        let content: DecodedBrick
        do { content = try database.engine.content(of: brick, hint: .scan, cost: &cost) } catch {
            throw DatabaseError(error)
        }
        switch content {
        case .runs(let runs): return runs.largestValue
        case .voxels(let voxels):
            return voxels.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return 0 }
                let window = VoxelWindow(
                    base, extent: layout.grid.brick, voxelByteCount: layout.voxelType.byteCount)
                var table = LabelTable()
                table.add(window)
                return table.sortedEntries.last?.id ?? 0
            }
        }
    }
}
