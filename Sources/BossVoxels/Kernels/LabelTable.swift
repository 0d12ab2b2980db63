package import BossGeometry
import CVoxelKernels

/// Distinct values with their voxel counts and, if wanted, bounding boxes, gathered over many windows.
///
/// An open-addressing hash table over the value bits (zero-extended to 64). Scanning works on runs along
/// x, so long runs cost little more than reading them. The table can be emptied and used again without
/// losing its memory.
package struct LabelTable: Sendable {
    /// What is known of one value.
    package struct Entry: Hashable, Sendable {
        /// The bits of the value.
        package let id: UInt64
        /// Voxels with this value.
        package let voxelCount: Int
        /// The smallest box around them, nil in a table without boxes.
        package let box: VoxelBox?
    }

    /// Whether the table keeps bounding boxes.
    package let tracksBoxes: Bool
    /// The number of distinct values.
    package private(set) var count = 0
    // Parallel arrays, one slot each; a slot whose count is 0 is free. Six bounds a slot.
    private var ids: [UInt64]
    private var counts: [UInt64]
    private var bounds: [Int64]

    /// An empty table.
    package init(tracksBoxes: Bool = false) {
        self.init(tracksBoxes: tracksBoxes, slotCount: 256)
    }

    private init(tracksBoxes: Bool, slotCount: Int) {
        self.tracksBoxes = tracksBoxes
        ids = Array(repeating: 0, count: slotCount)
        counts = Array(repeating: 0, count: slotCount)
        bounds = Array(repeating: 0, count: tracksBoxes ? 6 * slotCount : 0)
    }

    /// Whether the table holds no value.
    package var isEmpty: Bool { count == 0 }

    /// Bytes of memory that the table holds.
    package var byteCount: Int { (ids.count + counts.count + bounds.count) * 8 }

    /// Forgets all values and keeps the memory.
    package mutating func removeAll() {
        for slot in counts.indices { counts[slot] = 0 }
        count = 0
    }

    /// The most slots used before the table grows: three quarters.
    private var limit: Int { counts.count / 4 * 3 }

    /// The slot of an id, or the free one where it belongs.
    private func slot(of id: UInt64) -> Int {
        let mask = counts.count - 1
        var slot = cvk_label_slot(id, mask)
        while counts[slot] != 0, ids[slot] != id { slot = (slot + 1) & mask }
        return slot
    }

    /// What is known of a value, nil if it was not met.
    package subscript(id: UInt64) -> Entry? {
        let slot = slot(of: id)
        return counts[slot] == 0 ? nil : entry(at: slot)
    }

    /// Whether the value was met.
    package func contains(_ id: UInt64) -> Bool { counts[slot(of: id)] != 0 }

    /// The distinct values, ascending.
    package var sortedIDs: [UInt64] {
        counts.indices.filter { counts[$0] != 0 }.map { ids[$0] }.sorted()
    }

    /// All entries, by ascending value.
    package var sortedEntries: [Entry] {
        counts.indices.filter { counts[$0] != 0 }.map { entry(at: $0) }.sorted { $0.id < $1.id }
    }

    private func entry(at slot: Int) -> Entry {
        Entry(
            id: ids[slot], voxelCount: Int(counts[slot]),
            box: tracksBoxes
                ? VoxelBox(
                    x: Int(bounds[6 * slot])..<Int(bounds[6 * slot + 3]),
                    y: Int(bounds[6 * slot + 1])..<Int(bounds[6 * slot + 4]),
                    z: Int(bounds[6 * slot + 2])..<Int(bounds[6 * slot + 5])) : nil)
    }

    /// Adds voxels of a value that are known without looking at them, for example a constant brick.
    ///
    /// - Precondition: a table with boxes is given a box, which is not empty if there are voxels.
    package mutating func add(_ id: UInt64, voxelCount: Int, box: VoxelBox? = nil) {
        precondition(voxelCount >= 0, "counts are not negative")
        guard voxelCount > 0 else { return }
        if count == limit { grow() }
        let slot = slot(of: id)
        let isNew = counts[slot] == 0
        ids[slot] = id
        counts[slot] += UInt64(voxelCount)
        if isNew { count += 1 }
        guard tracksBoxes else { return }
        guard let box, !box.isEmpty else { preconditionFailure("a table with boxes needs a box") }
        for (axis, low, high) in [
            (0, box.lower.x, box.upper.x), (1, box.lower.y, box.upper.y), (2, box.lower.z, box.upper.z),
        ] {
            let at = 6 * slot + axis
            bounds[at] = isNew ? Int64(low) : min(bounds[at], Int64(low))
            bounds[at + 3] = isNew ? Int64(high) : max(bounds[at + 3], Int64(high))
        }
    }

    /// Adds all values of another table.
    ///
    /// - Precondition: a table with boxes is given one with boxes.
    package mutating func merge(_ other: LabelTable) {
        for slot in other.counts.indices where other.counts[slot] != 0 {
            let entry = other.entry(at: slot)
            add(entry.id, voxelCount: entry.voxelCount, box: entry.box)
        }
    }

    /// Adds the voxels of a window.
    ///
    /// - Parameters:
    ///   - origin: the position of the window's first voxel, for the bounding boxes.
    ///   - skipped: a value that is left out, usually the background.
    package mutating func add(
        _ window: VoxelWindow, origin: VoxelPoint = .zero, skipping skipped: UInt64? = nil
    ) {
        guard !window.extent.isEmpty else { return }
        if window.voxelByteCount == 1, !tracksBoxes {
            addBytes(window, skipping: skipped)
            return
        }
        var scan = cvk_label_scan(
            box: window.box, origin_x: Int64(origin.x), origin_y: Int64(origin.y), origin_z: Int64(origin.z),
            skips: skipped == nil ? 0 : 1, skipped: skipped ?? 0, next_x: 0, next_y: 0, next_z: 0)
        while !advance(&scan, voxelByteCount: window.voxelByteCount) { grow() }
    }

    /// Scans until the end, or until the table is full: then it returns false.
    private mutating func advance(_ scan: inout cvk_label_scan, voxelByteCount: Int) -> Bool {
        let limit = limit
        var used = count
        let done = ids.withUnsafeMutableBufferPointer { ids in
            counts.withUnsafeMutableBufferPointer { counts in
                bounds.withUnsafeMutableBufferPointer { bounds in
                    guard let idBase = ids.baseAddress, let countBase = counts.baseAddress else {
                        return true
                    }
                    var table = cvk_label_table(
                        ids: idBase, counts: countBase, bounds: bounds.isEmpty ? nil : bounds.baseAddress,
                        mask: counts.count - 1, used: used, limit: limit)
                    let done = cvk_scan_labels(&scan, Int32(voxelByteCount), &table)
                    used = table.used
                    return done != 0
                }
            }
        }
        count = used
        return done
    }

    /// One-byte voxels without boxes are counted by value.
    private mutating func addBytes(_ window: VoxelWindow, skipping skipped: UInt64?) {
        var box = window.box
        var found = [UInt64](repeating: 0, count: 256)
        cvk_count_bytes(&box, &found)
        for value in found.indices where found[value] > 0 && UInt64(value) != skipped.map({ $0 & 0xFF }) {
            add(UInt64(value), voxelCount: Int(found[value]))
        }
    }

    private mutating func grow() {
        var larger = LabelTable(tracksBoxes: tracksBoxes, slotCount: counts.count * 2)
        for old in counts.indices where counts[old] != 0 {
            let new = larger.slot(of: ids[old])
            larger.ids[new] = ids[old]
            larger.counts[new] = counts[old]
            if tracksBoxes {
                for bound in 0..<6 { larger.bounds[6 * new + bound] = bounds[6 * old + bound] }
            }
        }
        larger.count = count
        self = larger
    }
}
