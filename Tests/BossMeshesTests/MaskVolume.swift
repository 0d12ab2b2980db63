import BossGeometry
import BossMeshes
import BossTestSupport

/// A box of voxels that are inside or outside, one by one: what the tests know of an object.
struct MaskVolume {
    let box: VoxelBox
    private var inside: Set<VoxelPoint> = []

    init(_ box: VoxelBox, where isInside: (VoxelPoint) -> Bool) {
        self.box = box
        for z in box[.z] {
            for y in box[.y] {
                for x in box[.x] {
                    let point = VoxelPoint(x: x, y: y, z: z)
                    if isInside(point) { inside.insert(point) }
                }
            }
        }
    }

    static func points(_ points: [(Int, Int, Int)], in box: VoxelBox) -> MaskVolume {
        let wanted = Set(points.map { VoxelPoint(x: $0.0, y: $0.1, z: $0.2) })
        return MaskVolume(box) { wanted.contains($0) }
    }

    var count: Int { inside.count }
    func contains(_ point: VoxelPoint) -> Bool { inside.contains(point) }

    /// The smallest box around what is inside.
    var bounds: VoxelBox? {
        inside.reduce(nil) { bounds, point in
            let voxel = VoxelBox(origin: point, extent: VoxelExtent(x: 1, y: 1, z: 1))
            return bounds?.union(voxel) ?? voxel
        }
    }

    /// Faces between inside and outside.
    var faceCount: Int {
        inside.reduce(0) { sum, point in
            sum
                + [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)].filter {
                    !contains(VoxelPoint(x: point.x + $0.0, y: point.y + $0.1, z: point.z + $0.2))
                }.count
        }
    }

    /// Runs of a plane, some of them cut in two.
    func runs(z: Int) -> [MaskRun] {
        var runs: [MaskRun] = []
        for y in box[.y] {
            var x = box.lower.x
            while x < box.upper.x {
                guard contains(VoxelPoint(x: x, y: y, z: z)) else {
                    x += 1
                    continue
                }
                var end = x + 1
                while end < box.upper.x, end - x < 7, contains(VoxelPoint(x: end, y: y, z: z)) { end += 1 }
                runs.append(MaskRun(y: y, x: x..<end))
                x = end
            }
        }
        return runs
    }

    func mesh(
        voxelSize: PhysicalSize = PhysicalSize(x: 1, y: 1, z: 1), triangleLimit: Int = 1 << 24
    ) throws -> Mesh {
        var nets = try SurfaceNets(box: box, voxelSizeNanometers: voxelSize, triangleLimit: triangleLimit)
        for z in box[.z] { try nets.append(runs(z: z)) }
        return try nets.finish()
    }
}

/// What can be said about any closed surface, by definition.
struct SurfaceFacts {
    /// Times that each directed edge occurs.
    private var edges: [SIMD2<UInt32>: Int] = [:]
    private let mesh: Mesh

    init(_ mesh: Mesh) {
        self.mesh = mesh
        for triangle in mesh.triangles {
            for (from, to) in [(triangle.a, triangle.b), (triangle.b, triangle.c), (triangle.c, triangle.a)] {
                edges[SIMD2(from, to), default: 0] += 1
            }
        }
    }

    /// Every edge belongs to exactly two triangles, which go along it in opposite directions.
    var isClosedManifold: Bool {
        edges.allSatisfy { edge, count in
            count == 1 && edge.x != edge.y && edges[SIMD2(edge.y, edge.x)] == 1
        }
    }

    /// The triangles around every vertex form one ring.
    var hasManifoldVertices: Bool {
        var next: [UInt32: [UInt32: UInt32]] = [:]
        for triangle in mesh.triangles {
            next[triangle.a, default: [:]][triangle.b] = triangle.c
            next[triangle.b, default: [:]][triangle.c] = triangle.a
            next[triangle.c, default: [:]][triangle.a] = triangle.b
        }
        return next.count == mesh.vertices.count
            && next.values.allSatisfy { ring in
                guard let start = ring.keys.first else { return false }
                var (place, count) = (ring[start], 1)
                while let here = place, here != start, count <= ring.count {
                    (place, count) = (ring[here], count + 1)
                }
                return place == start && count == ring.count
            }
    }

    /// Vertices - edges + triangles: 2 for each ball, 0 for each ring.
    var eulerCharacteristic: Int { mesh.vertices.count - edges.count / 2 + mesh.triangles.count }

    /// The enclosed volume by the divergence theorem; positive with outward normals.
    var volume: Double {
        mesh.triangles.reduce(0) { sum, triangle in
            let (a, b, c) = (point(triangle.a), point(triangle.b), point(triangle.c))
            let cross = SIMD3(b.y * c.z - b.z * c.y, b.z * c.x - b.x * c.z, b.x * c.y - b.y * c.x)
            return sum + (a * cross).sum() / 6
        }
    }

    private func point(_ index: UInt32) -> SIMD3<Double> {
        let vertex = mesh.vertices[Int(index)]
        return SIMD3(Double(vertex.x), Double(vertex.y), Double(vertex.z))
    }

    /// The corners of the smallest box around it.
    var bounds: (lower: SIMD3<Double>, upper: SIMD3<Double>) {
        mesh.vertices.indices.reduce(
            (SIMD3(repeating: .infinity), SIMD3(repeating: -.infinity))
        ) { bounds, index in
            let point = point(UInt32(index))
            return (pointwiseMin(bounds.0, point), pointwiseMax(bounds.1, point))
        }
    }

    /// Parts that share no vertex.
    var componentCount: Int {
        var parent = Array(mesh.vertices.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parent[index] != index {
                parent[index] = parent[parent[index]]
                index = parent[index]
            }
            return index
        }
        for triangle in mesh.triangles {
            parent[root(Int(triangle.a))] = root(Int(triangle.b))
            parent[root(Int(triangle.b))] = root(Int(triangle.c))
        }
        return parent.indices.filter { parent[$0] == $0 }.count
    }
}

extension SeededGenerator {
    mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(limit)) }
}
