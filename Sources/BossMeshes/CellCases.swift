/// What the surface does inside a cell, for each way in which its eight corners can lie inside and outside.
///
/// A **cell** is the cube between the centres of eight neighbouring voxels. Bit c of a configuration says whether corner
/// c is inside, where c is `x | y << 1 | z << 2`. Edges have numbers `axis * 4 + o1 | o2 << 1`, with the other two axes in
/// their order; faces are `axis * 2 + side`.
///
/// The surface crosses the edges whose ends differ, and each face in segments between two such edges. A face whose
/// corners alternate has two segments, and they go around its inside corners: voxels that touch only along an edge do
/// not belong together. Segments around a cell make loops, the **patches**, and each becomes one vertex.
///
/// In 36 configurations both segments of the only alternating face belong to one patch. Where two such cells meet in
/// that face, four quads would share the edge between the two patches. Both then use the other variant, in which the
/// segments go around the outside corners, which cuts each patch in two. A neighbour across this face decides alone,
/// since no other face of such a cell alternates.
///
/// Source: G. Nielson, "Dual marching cubes", IEEE Visualization 2004; for the variant R. Wenger, "Isosurfaces",
/// section 3.3.5.
struct CellCase: Sendable {
    /// The patch of each edge, 4 bits an edge; 0 also for edges that are not crossed.
    private(set) var patches: UInt64 = 0
    /// Where the vertex of each patch lies in the cell, 0 to 1 along each axis: the mean of its crossings.
    private(set) var positions: [(x: Double, y: Double, z: Double)] = []
    /// The face whose two segments belong to one patch.
    private(set) var twinFace: Int?

    /// Configurations, then their variants.
    static let all: [CellCase] =
        (0..<256).map { CellCase($0, joinsInsideOn: nil) }
        + (0..<256).map { CellCase($0, joinsInsideOn: CellCase($0, joinsInsideOn: nil).twinFace) }
    /// What to add to a configuration for its variant.
    static let variant = 256

    private init(_ configuration: Int, joinsInsideOn variantFace: Int?) {
        let isInside = { (corner: Int) in configuration >> corner & 1 == 1 }
        let crossed = (0..<12).filter { isInside(Self.ends(of: $0).0) != isInside(Self.ends(of: $0).1) }
        var patch = Dictionary(uniqueKeysWithValues: crossed.map { ($0, $0) })
        var segments: [(face: Int, edges: [Int])] = []
        for face in 0..<6 {
            let edges = crossed.filter { Self.touches($0, face) }
            let around: [[Int]] =
                edges.count < 4
                ? [edges]
                : (0..<8).filter { isInside($0) == (face != variantFace) }
                    .map { corner in
                        edges.filter { Self.ends(of: $0).0 == corner || Self.ends(of: $0).1 == corner }
                    }
            for pair in around where pair.count == 2 {
                segments.append((face, pair))
                let (kept, gone) = (patch[pair[0]], patch[pair[1]])
                for edge in crossed where patch[edge] == gone { patch[edge] = kept }
            }
        }
        let loops = Dictionary(grouping: crossed, by: { patch[$0] }).values.sorted { $0[0] < $1[0] }
        for (number, loop) in loops.enumerated() {
            for edge in loop { patches |= UInt64(number) << UInt64(edge * 4) }
            positions.append(Self.mean(of: loop))
        }
        for face in 0..<6 {
            let pairs = segments.filter { $0.face == face }
            if pairs.count == 2, patch[pairs[0].edges[0]] == patch[pairs[1].edges[0]] { twinFace = face }
        }
    }

    /// The lower and the upper corner of an edge.
    private static func ends(of edge: Int) -> (Int, Int) {
        let (axis, first, second) = (edge / 4, edge & 1, edge >> 1 & 1)
        let others = [[1, 2], [0, 2], [0, 1]][axis]
        let corner = first << others[0] | second << others[1]
        return (corner, corner | 1 << axis)
    }

    private static func touches(_ edge: Int, _ face: Int) -> Bool {
        let (axis, side) = (face / 2, face & 1)
        return ends(of: edge).0 >> axis & 1 == side && ends(of: edge).1 >> axis & 1 == side
    }

    private static func mean(of edges: [Int]) -> (x: Double, y: Double, z: Double) {
        func coordinate(_ axis: Int) -> Double {
            let sum = edges.reduce(0) { sum, edge in
                sum + (ends(of: edge).0 >> axis & 1) + (ends(of: edge).1 >> axis & 1)
            }
            return Double(sum) / Double(2 * edges.count)
        }
        return (coordinate(0), coordinate(1), coordinate(2))
    }
}
