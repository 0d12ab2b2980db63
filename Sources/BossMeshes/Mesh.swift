/// A surface of triangles.
///
/// Vertices are in nanometers, measured from the physical origin of a coordinate frame. Triangles name their corners
/// counterclockwise as seen from outside, so that their normals point outwards.
public struct Mesh: Hashable, Sendable {
    /// A corner, in nanometers.
    public struct Vertex: Hashable, Sendable {
        /// Along x.
        public var x: Float
        /// Along y.
        public var y: Float
        /// Along z.
        public var z: Float

        /// A corner.
        public init(x: Float, y: Float, z: Float) {
            self.x = x
            self.y = y
            self.z = z
        }
    }

    /// Three places in `vertices`.
    public struct Triangle: Hashable, Sendable {
        /// The first corner.
        public var a: UInt32
        /// The next one, counterclockwise.
        public var b: UInt32
        /// The last one.
        public var c: UInt32

        /// A triangle.
        public init(_ a: UInt32, _ b: UInt32, _ c: UInt32) {
            self.a = a
            self.b = b
            self.c = c
        }
    }

    /// All corners, each once; finite numbers.
    public let vertices: [Vertex]
    /// Every corner is one of `vertices`.
    public let triangles: [Triangle]

    /// A mesh from untrusted parts.
    ///
    /// - Throws: `MeshError.invalid` for a corner that is not there or not finite.
    public init(vertices: [Vertex], triangles: [Triangle]) throws(MeshError) {
        guard vertices.count <= Int(UInt32.max) else {
            throw .invalid("it has \(vertices.count) vertices, more than can be numbered")
        }
        for (number, vertex) in vertices.enumerated()
        where !(vertex.x.isFinite && vertex.y.isFinite && vertex.z.isFinite) {
            throw .invalid("vertex \(number) is not finite")
        }
        let count = UInt32(vertices.count)
        for (number, triangle) in triangles.enumerated() {
            let highest = max(triangle.a, triangle.b, triangle.c)
            guard highest < count else {
                throw .invalid("triangle \(number) names vertex \(highest) of \(count)")
            }
        }
        self.init(checked: vertices, triangles)
    }

    /// A mesh from parts that are known to fit.
    init(checked vertices: [Vertex], _ triangles: [Triangle]) {
        self.vertices = vertices
        self.triangles = triangles
    }
}
