import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// The faces at which voxels of two labels touch.
package struct LabelContact: Hashable, Sendable {
    /// Faces across x, y and z.
    package private(set) var faces = SIMD3<UInt64>.zero
    /// The doubled coordinates of the faces' middles, added up; 64 bits are too few far away from the origin.
    private var sums = Sums()

    private struct Sums: Hashable, Sendable {
        var x: Int128 = 0
        var y: Int128 = 0
        var z: Int128 = 0
    }

    /// All faces.
    package var faceCount: UInt64 { faces.x + faces.y + faces.z }

    /// The mean of the faces' middles, voxels; whole numbers are the middles of voxels, as in a centroid.
    package var middle: SIMD3<Double> {
        SIMD3(Double(sums.x), Double(sums.y), Double(sums.z)) / (2 * Double(faceCount))
    }

    fileprivate mutating func add(_ axis: SpatialAxis, behind voxel: VoxelPoint) {
        faces[axis.contactIndex] &+= 1
        sums.x += Int128(2 * voxel.x + (axis == .x ? 1 : 0))
        sums.y += Int128(2 * voxel.y + (axis == .y ? 1 : 0))
        sums.z += Int128(2 * voxel.z + (axis == .z ? 1 : 0))
    }

    fileprivate mutating func add(_ other: LabelContact) {
        faces &+= other.faces
        sums.x += other.sums.x
        sums.y += other.sums.y
        sums.z += other.sums.z
    }
}

extension SpatialAxis {
    fileprivate var contactIndex: Int {
        switch self {
        case .x: 0
        case .y: 1
        case .z: 2
        }
    }
}

extension Channel {
    /// The faces inside a region that are shared by voxels of two labels; the smaller label of a pair comes first.
    /// Background touches nothing.
    ///
    /// - Parameters:
    ///   - id: only pairs with this one.
    ///   - region: both voxels of a face lie in it.
    /// - Throws: 22V08 for an image channel, 53200 for too many pairs, XX001, 57014.
    package func contacts(
        of id: UInt64? = nil, in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelPair: LabelContact] {
        try requireAnnotation()
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        var total = ContactTable(background: layout.backgroundBits, only: id)
        let empty = total
        let spent = Mutex(ReadStatistics())
        for time in checked.time {
            let sample = CutoutRegion(box: checked.box, level: checked.level, time: time..<time + 1)
            let reader = try scanner(checked, time: time, pinned, control, asStored: false).reader
                .withOneWorker
            let part = try fold(sample, pinned, control, &statistics, start: { empty }) {
                (table, box, content) throws(DatabaseError) in
                if case .constant(empty.background) = content { return }
                if case .voxels(let window) = content { table.addInside(window, at: box.lower) }
                for axis in SpatialAxis.allCases {
                    guard let behind = box.plane(behind: axis, in: checked.box) else { continue }
                    let cost = try reader.withVoxels(
                        of: behind, pinned.view, checked.level, time, layout.voxelType.byteCount
                    ) { neighbours in
                        table.add(content, box, neighbours, across: axis)
                    }
                    spent.withLock { $0 += cost }
                }
                try refuseTooMany(table)
            } absent: { _, _ in
            } merge: {
                $0.merge($1)
            }
            total.merge(part)
            try refuseTooMany(total)
        }
        statistics += spent.withLock { $0 }
        return total.contacts
    }

    private func refuseTooMany(_ table: ContactTable) throws(DatabaseError) {
        guard table.contacts.count <= ScanLimits.rowCount else {
            throw DatabaseError(
                "53200",
                "the region of \(path) has more than \(ScanLimits.rowCount) pairs of labels that touch",
                hint: "ask for a smaller region, or for one ID with OF ID")
        }
    }
}

extension VoxelBox {
    /// The plane of voxels next to the box on an axis; nil at the end of `frame`.
    fileprivate func plane(behind axis: SpatialAxis, in frame: VoxelBox) -> VoxelBox? {
        guard upper[axis] < frame.upper[axis] else { return nil }
        func range(_ other: SpatialAxis) -> Range<Int> {
            other == axis ? upper[axis]..<upper[axis] + 1 : self[other]
        }
        return VoxelBox(x: range(.x), y: range(.y), z: range(.z))
    }
}

private struct ContactTable: Sendable {
    let background: UInt64
    /// The label of which every pair has one; nil for all.
    let only: UInt64?
    private(set) var contacts: [LabelPair: LabelContact] = [:]

    init(background: UInt64, only: UInt64?) {
        self.background = background
        self.only = only
    }

    mutating func merge(_ other: ContactTable) {
        contacts.merge(other.contacts) { left, right in
            var sum = left
            sum.add(right)
            return sum
        }
    }

    /// Adds the faces between voxels of a window, whose first voxel is `origin`.
    mutating func addInside(_ window: VoxelWindow, at origin: VoxelPoint) {
        for axis in SpatialAxis.allCases where window.extent[axis] > 1 {
            let part = window.extent.shortened(by: 1, axis)
            add(
                window.part(origin: .zero, extent: part),
                window.part(origin: .zero.moved(by: 1, axis), extent: part), across: axis, at: origin)
        }
    }

    /// Adds the faces between the last voxels of a box on an axis and those behind.
    mutating func add(
        _ content: RegionScanner.Content, _ box: VoxelBox, _ neighbours: VoxelWindow, across axis: SpatialAxis
    ) {
        let last = box.lower.moved(by: box.extent[axis] - 1, axis)
        switch content {
        case .voxels(let window):
            let part = window.part(
                origin: .zero.moved(by: box.extent[axis] - 1, axis), extent: neighbours.extent)
            add(part, neighbours, across: axis, at: last)
        case .constant(let id):
            var faces = Faces(background: background, only: only)
            neighbours.forEachRun { other, place, length in
                guard other != id else { return }
                for x in place.x..<place.x + length {
                    let voxel = VoxelPoint(x: last.x + x, y: last.y + place.y, z: last.z + place.z)
                    faces.add(id, other, axis, voxel, to: &contacts)
                }
            }
            faces.finish(in: &contacts)
        }
    }

    private mutating func add(
        _ left: VoxelWindow, _ right: VoxelWindow, across axis: SpatialAxis, at origin: VoxelPoint
    ) {
        var faces = Faces(background: background, only: only)
        VoxelComparison.forEachDifference(left, right) { first, second, place in
            let voxel = VoxelPoint(x: origin.x + place.x, y: origin.y + place.y, z: origin.z + place.z)
            faces.add(first, second, axis, voxel, to: &contacts)
        }
        faces.finish(in: &contacts)
    }
}

/// Collects faces of the same pair that follow each other, so that the table is asked once for them.
private struct Faces {
    let background: UInt64
    let only: UInt64?
    private var pair = LabelPair(first: 0, second: 0)
    private var contact = LabelContact()

    init(background: UInt64, only: UInt64?) {
        self.background = background
        self.only = only
    }

    mutating func add(
        _ first: UInt64, _ second: UInt64, _ axis: SpatialAxis, _ voxel: VoxelPoint,
        to contacts: inout [LabelPair: LabelContact]
    ) {
        guard first != background, second != background,
            only.map({ $0 == first || $0 == second }) ?? true
        else { return }
        let found = LabelPair(first: min(first, second), second: max(first, second))
        if found != pair {
            finish(in: &contacts)
            pair = found
        }
        contact.add(axis, behind: voxel)
    }

    mutating func finish(in contacts: inout [LabelPair: LabelContact]) {
        guard contact.faceCount > 0 else { return }
        contacts[pair, default: LabelContact()].add(contact)
        contact = LabelContact()
    }
}

extension VoxelPoint {
    fileprivate func moved(by distance: Int, _ axis: SpatialAxis) -> VoxelPoint {
        VoxelPoint(
            x: x + (axis == .x ? distance : 0), y: y + (axis == .y ? distance : 0),
            z: z + (axis == .z ? distance : 0))
    }
}

extension VoxelExtent {
    fileprivate func shortened(by length: Int, _ axis: SpatialAxis) -> VoxelExtent {
        VoxelExtent(
            x: x - (axis == .x ? length : 0), y: y - (axis == .y ? length : 0),
            z: z - (axis == .z ? length : 0))
    }
}
