public import BossGeometry

/// Makes the surface of an object out of its voxels, a plane after the other.
///
///     var nets = try SurfaceNets(box: box, voxelSizeNanometers: size, triangleLimit: 1 << 24)
///     for z in box[.z] { try nets.append(runs(inPlane: z)) }
///     let mesh = try nets.finish()
///
/// A vertex stands in every cell between eight voxel centres through which the surface goes, at the mean of the crossings
/// half way between an inside and an outside voxel; in cells that the surface crosses several times, one for each time
/// (`CellCase`). Every face between an inside and an outside voxel becomes two triangles. The surface is closed, and each
/// edge belongs to exactly two triangles, which go along it in opposite directions. Outside of the box is background.
///
/// Memory is taken by four planes of bits and by the mesh. Voxels without the surface nearby cost next to nothing: 64 of
/// them are passed by at a time.
///
/// Source: S. Gibson, "Constrained elastic surface nets", MERL TR99-24, 1999, without the relaxation.
public struct SurfaceNets: Sendable {
    private let box: VoxelBox
    private let size: PhysicalSize
    private let triangleLimit: Int
    private let cases = CellCase.all
    /// Four planes around the layer of cells that is made next: it lies between the second and the third.
    private var planes: [MaskPlane]
    private var appendedCount = 0
    private var previous = CellLayer()
    private var current = CellLayer()
    private var vertices: [Mesh.Vertex] = []
    private var triangles: [Mesh.Triangle] = []

    /// Bytes of a plane of bits.
    private static let planeByteLimit = 256 << 20

    /// The surface of an object in a box.
    ///
    /// - Parameters:
    ///   - box: absolute voxels; voxel i covers `i * size` to `(i + 1) * size`.
    ///   - triangleLimit: at most 2^31.
    /// - Throws: `MeshError.planeTooLarge`.
    public init(box: VoxelBox, voxelSizeNanometers: PhysicalSize, triangleLimit: Int) throws(MeshError) {
        self.box = box
        size = voxelSizeNanometers
        self.triangleLimit = min(triangleLimit, 1 << 31)
        let extent = box.extent
        let byteCount = MaskPlane.byteCount(width: extent.x, height: extent.y)
        guard byteCount <= Self.planeByteLimit else {
            throw .planeTooLarge(byteCount: byteCount, limit: Self.planeByteLimit)
        }
        let empty = MaskPlane(width: extent.x, height: extent.y)
        planes = [empty, empty, empty, empty]
    }

    /// Adds the next plane of the box.
    ///
    /// - Parameter runs: the inside of the plane, in any order; they may overlap.
    /// - Precondition: the runs lie in the box, which has no more planes than were added.
    /// - Throws: `MeshError.tooManyTriangles`.
    public mutating func append(_ runs: [MaskRun]) throws(MeshError) {
        precondition(appendedCount < box.extent.z, "no more planes than the box has")
        appendedCount += 1
        planes[3].removeAll()
        for run in runs {
            precondition(
                box[.y].contains(run.y) && box.lower.x <= run.x.lowerBound && run.x.upperBound <= box.upper.x,
                "runs lie in the box")
            planes[3].insert(
                run.x.lowerBound - box.lower.x + 1..<run.x.upperBound - box.lower.x + 1,
                row: run.y - box.lower.y + 1)
        }
        if appendedCount >= 2 { try makeLayer(below: appendedCount - 1) }
        rotate()
    }

    /// Closes the surface; planes that were not added are background.
    ///
    /// - Throws: `MeshError.tooManyTriangles`.
    public mutating func finish() throws(MeshError) -> Mesh {
        for number in 1...2 where appendedCount + number >= 2 {
            planes[3].removeAll()
            try makeLayer(below: appendedCount + number - 1)
            rotate()
        }
        defer { (vertices, triangles) = ([], []) }
        return Mesh(checked: vertices, triangles)
    }

    private mutating func rotate() {
        planes.swapAt(0, 1)
        planes.swapAt(1, 2)
        planes.swapAt(2, 3)
    }

    /// Makes the cells under a plane, which is the third of the four; the first plane of the box is number 1.
    private mutating func makeLayer(below plane: Int) throws(MeshError) {
        swap(&previous, &current)
        current.removeAll()
        for row in 0..<planes[1].rowCount - 1 {
            current.beginRow()
            let (first, second) = (planes[1].span(row), planes[1].span(row + 1))
            let (third, fourth) = (planes[2].span(row), planes[2].span(row + 1))
            let lower = min(first.lower, second.lower, third.lower, fourth.lower)
            let upper = max(first.upper, second.upper, third.upper, fourth.upper)
            guard lower < upper else { continue }
            try makeRow(row, Int(lower)..<Int(upper), plane)
        }
    }

    private mutating func makeRow(_ row: Int, _ words: Range<Int>, _ plane: Int) throws(MeshError) {
        var cursors = Neighbours(
            above: CellCursor(current.row(row - 1)), back: CellCursor(previous.row(row)),
            backAbove: CellCursor(previous.row(row - 1)))
        for index in words {
            // Corners at x, then at x + 1, for the four rows of voxels of the cells.
            let low = (
                planes[1].word(row, index), planes[1].word(row + 1, index), planes[2].word(row, index),
                planes[2].word(row + 1, index)
            )
            let high = (
                low.0 >> 1 | planes[1].word(row, index + 1) << 63,
                low.1 >> 1 | planes[1].word(row + 1, index + 1) << 63,
                low.2 >> 1 | planes[2].word(row, index + 1) << 63,
                low.3 >> 1 | planes[2].word(row + 1, index + 1) << 63
            )
            let some = low.0 | low.1 | low.2 | low.3 | high.0 | high.1 | high.2 | high.3
            let every = low.0 & low.1 & low.2 & low.3 & high.0 & high.1 & high.2 & high.3
            var crossed = some & ~every
            while crossed != 0 {
                let bit = UInt64(crossed.trailingZeroBitCount)
                crossed &= crossed &- 1
                let configuration =
                    (low.0 >> bit & 1) | (high.0 >> bit & 1) << 1 | (low.1 >> bit & 1) << 2
                    | (high.1 >> bit & 1) << 3 | (low.2 >> bit & 1) << 4 | (high.2 >> bit & 1) << 5
                    | (low.3 >> bit & 1) << 6 | (high.3 >> bit & 1) << 7
                try add(Int(configuration), column: index << 6 + Int(bit), row, plane, &cursors)
            }
        }
    }

    /// Cells that were made before, around one that is made.
    private struct Neighbours {
        var left: CellLayer.Cell?
        var above: CellCursor
        var back: CellCursor
        var backAbove: CellCursor
    }

    /// Adds a cell with its vertices, and the quads of its three edges at the lowest corner: the other cells around these
    /// are there already.
    private mutating func add(
        _ configuration: Int, column: Int, _ row: Int, _ plane: Int, _ neighbours: inout Neighbours
    ) throws(MeshError) {
        let number = caseNumber(configuration, column, row)
        let cell = CellLayer.Cell(
            column: Int32(truncatingIfNeeded: column),
            firstVertex: UInt32(truncatingIfNeeded: vertices.count),
            patches: cases[number].patches)
        for position in cases[number].positions {
            vertices.append(
                Mesh.Vertex(
                    x: Float((Double(box.lower.x + column) - 0.5 + position.x) * size.x),
                    y: Float((Double(box.lower.y + row) - 0.5 + position.y) * size.y),
                    z: Float((Double(box.lower.z + plane - 1) - 0.5 + position.z) * size.z)))
        }
        current.append(cell)
        let above = neighbours.above.cells(at: cell.column, in: current)
        let back = neighbours.back.cells(at: cell.column, in: previous)
        let backAbove = neighbours.backAbove.cells(at: cell.column, in: previous)
        let left = neighbours.left.flatMap { $0.column == cell.column - 1 ? $0 : nil }
        neighbours.left = cell
        let isInside = configuration & 1 == 1
        if isInside != (configuration >> 1 & 1 == 1) {
            addQuad((backAbove.here, 3), (back.here, 2), (cell, 0), (above.here, 1), isForward: isInside)
        }
        if isInside != (configuration >> 2 & 1 == 1) {
            addQuad((back.left, 7), (left, 5), (cell, 4), (back.here, 6), isForward: isInside)
        }
        if isInside != (configuration >> 4 & 1 == 1) {
            addQuad((above.left, 11), (above.here, 10), (cell, 8), (left, 9), isForward: isInside)
        }
        guard triangles.count <= triangleLimit else { throw .tooManyTriangles(limit: triangleLimit) }
    }

    /// The case of a cell: the variant where it and its neighbour across an alternating face would share an edge twice.
    private func caseNumber(_ configuration: Int, _ column: Int, _ row: Int) -> Int {
        guard let face = cases[configuration].twinFace else { return configuration }
        let step = face & 1 == 1 ? 1 : -1
        let other = self.configuration(
            column + (face / 2 == 0 ? step : 0), row + (face / 2 == 1 ? step : 0),
            1 + (face / 2 == 2 ? step : 0))
        return cases[other].twinFace == face ^ 1 ? configuration + CellCase.variant : configuration
    }

    private func configuration(_ column: Int, _ row: Int, _ plane: Int) -> Int {
        (0..<8).reduce(0) { result, corner in
            planes[plane + corner >> 2].contains(column + corner & 1, row + corner >> 1 & 1)
                ? result | 1 << corner : result
        }
    }

    /// Adds the two triangles around an edge between an inside and an outside voxel, cut along the shorter diagonal.
    ///
    /// - Parameters:
    ///   - corners: the cells around the edge and its number in each, counterclockwise seen from its upper end.
    ///   - isForward: whether the upper end is outside.
    private mutating func addQuad(
        _ first: (CellLayer.Cell?, Int), _ second: (CellLayer.Cell?, Int), _ third: (CellLayer.Cell?, Int),
        _ fourth: (CellLayer.Cell?, Int), isForward: Bool
    ) {
        guard let one = first.0?.vertex(onEdge: first.1), let two = second.0?.vertex(onEdge: second.1),
            let three = third.0?.vertex(onEdge: third.1), let four = fourth.0?.vertex(onEdge: fourth.1)
        else { preconditionFailure("the cells around a crossed edge were made before") }
        let (a, b, c, d) = isForward ? (one, two, three, four) : (four, three, two, one)
        if squaredDistance(a, c) <= squaredDistance(b, d) {
            triangles.append(Mesh.Triangle(a, b, c))
            triangles.append(Mesh.Triangle(a, c, d))
        } else {
            triangles.append(Mesh.Triangle(a, b, d))
            triangles.append(Mesh.Triangle(b, c, d))
        }
    }

    private func squaredDistance(_ first: UInt32, _ second: UInt32) -> Float {
        let (one, two) = (vertices[Int(first)], vertices[Int(second)])
        let (x, y, z) = (one.x - two.x, one.y - two.y, one.z - two.z)
        return x * x + y * y + z * z
    }
}
