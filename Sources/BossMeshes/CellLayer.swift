/// The cells of one layer through which the surface goes, row by row.
struct CellLayer: Sendable {
    struct Cell: Sendable {
        let column: Int32
        /// The vertex of its first patch; the others follow.
        let firstVertex: UInt32
        /// The patch of each edge, as `CellCase` has it.
        let patches: UInt64

        /// The vertex of the patch that crosses an edge.
        func vertex(onEdge edge: Int) -> UInt32 {
            firstVertex &+ UInt32(truncatingIfNeeded: patches >> UInt64(edge * 4) & 15)
        }
    }

    private(set) var cells: [Cell] = []
    /// The first cell of each row that was begun, and of the next one.
    private var starts: [Int] = [0]

    /// Begins the next row.
    mutating func beginRow() { starts.append(cells.count) }

    /// Adds a cell to the row that was begun last, right of the ones before.
    mutating func append(_ cell: Cell) {
        cells.append(cell)
        starts[starts.count - 1] = cells.count
    }

    mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
    }

    /// The cells of a row; none of rows that do not exist.
    func row(_ row: Int) -> Range<Int> {
        guard row >= 0, row + 1 < starts.count else { return 0..<0 }
        return starts[row]..<starts[row + 1]
    }
}

/// Finds cells of a row whose columns are asked for in ascending order.
struct CellCursor {
    private var index: Int
    private let end: Int

    init(_ row: Range<Int>) { (index, end) = (row.lowerBound, row.upperBound) }

    /// The cell of a column and the one left of it.
    mutating func cells(at column: Int32, in layer: CellLayer) -> (
        left: CellLayer.Cell?, here: CellLayer.Cell?
    ) {
        while index < end, layer.cells[index].column < column - 1 { index += 1 }
        guard index < end else { return (nil, nil) }
        let first = layer.cells[index]
        if first.column == column { return (nil, first) }
        guard first.column == column - 1 else { return (nil, nil) }
        guard index + 1 < end, layer.cells[index + 1].column == column else { return (first, nil) }
        return (first, layer.cells[index + 1])
    }
}
