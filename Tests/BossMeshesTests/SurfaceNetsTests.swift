import BossGeometry
import BossMeshes
import BossTestSupport
import Testing

/// Surfaces of voxels against what is known of closed surfaces.
@Suite("Surface nets")
struct SurfaceNetsTests {
    private static let unit = PhysicalSize(x: 1, y: 1, z: 1)

    private static func box(_ x: Int, _ y: Int, _ z: Int) -> VoxelBox {
        VoxelBox(x: 0..<x, y: 0..<y, z: 0..<z)
    }

    private static func ball(_ radius: Double, center: Double, _ point: VoxelPoint) -> Bool {
        let offsets = [point.x, point.y, point.z].map { Double($0) + 0.5 - center }
        return offsets.reduce(0) { $0 + $1 * $1 } <= radius * radius
    }

    @Test(
        "any mask has a closed manifold surface with outward normals", arguments: [5, 20, 35, 50, 65, 80, 95])
    func randomMasks(percent: Int) throws {
        for round in 0..<40 {
            var random = SeededGenerator(seed: UInt64(percent * 1000 + round))
            let extent = (1 + random.below(12), 1 + random.below(12), 1 + random.below(12))
            let lower = VoxelPoint(x: random.below(100), y: random.below(100), z: random.below(100))
            let box = VoxelBox(
                x: lower.x..<lower.x + extent.0, y: lower.y..<lower.y + extent.1,
                z: lower.z..<lower.z + extent.2)
            let mask = MaskVolume(box) { _ in random.below(100) < percent }
            let mesh = try mask.mesh()
            let facts = SurfaceFacts(mesh)
            #expect(facts.isClosedManifold, "\(percent) %, seed \(random.seed)")
            #expect(facts.hasManifoldVertices, "\(percent) %, seed \(random.seed)")
            #expect(mesh.triangles.count == 2 * mask.faceCount, "two triangles a face, seed \(random.seed)")
            #expect((facts.volume > 0) == (mask.count > 0), "seed \(random.seed)")
            guard let bounds = mask.bounds else { continue }
            let found = facts.bounds
            for axis in 0..<3 {
                let range = bounds[SpatialAxis.allCases[axis]]
                #expect(found.lower[axis] >= Double(range.lowerBound), "seed \(random.seed)")
                #expect(found.lower[axis] < Double(range.lowerBound) + 0.5, "seed \(random.seed)")
                #expect(found.upper[axis] <= Double(range.upperBound), "seed \(random.seed)")
                #expect(found.upper[axis] > Double(range.upperBound) - 0.5, "seed \(random.seed)")
            }
        }
    }

    @Test("every 2 x 2 x 3 mask has a closed manifold surface")
    func allSmallMasks() throws {
        // All pairs of neighbouring cells, in all three directions.
        for (x, y, z) in [(2, 2, 3), (2, 3, 2), (3, 2, 2)] {
            let box = Self.box(x, y, z)
            for bits in 0..<1 << 12 {
                let mask = MaskVolume(box) { bits >> ($0.x + x * ($0.y + y * $0.z)) & 1 == 1 }
                let facts = SurfaceFacts(try mask.mesh())
                #expect(facts.isClosedManifold && facts.hasManifoldVertices, "\(box), mask \(bits)")
            }
        }
    }

    @Test("a ball, a ring and a hollow ball have their Euler characteristics")
    func topology() throws {
        let ball = SurfaceFacts(try MaskVolume(Self.box(20, 20, 20)) { Self.ball(8, center: 10, $0) }.mesh())
        #expect(ball.eulerCharacteristic == 2)
        let ring = MaskVolume(Self.box(30, 30, 12)) { point in
            let (x, y, z) = (Double(point.x) - 14.5, Double(point.y) - 14.5, Double(point.z) - 5.5)
            let fromCircle = (x * x + y * y).squareRoot() - 10
            return fromCircle * fromCircle + z * z <= 9
        }
        #expect(SurfaceFacts(try ring.mesh()).eulerCharacteristic == 0)
        let hollow = MaskVolume(Self.box(24, 24, 24)) {
            Self.ball(10, center: 12, $0) && !Self.ball(5, center: 12, $0)
        }
        let shell = SurfaceFacts(try hollow.mesh())
        #expect(shell.eulerCharacteristic == 4)
        #expect(shell.componentCount == 2)
    }

    @Test("voxels belong together by faces, not by edges or corners")
    func touching() throws {
        let cases: [([(Int, Int, Int)], Int, Int)] = [
            ([(0, 0, 0), (1, 0, 0)], 1, 2), ([(0, 0, 0), (1, 1, 0)], 2, 4), ([(0, 0, 0), (0, 1, 1)], 2, 4),
            ([(0, 0, 0), (1, 0, 1)], 2, 4), ([(0, 0, 0), (1, 1, 1)], 2, 4),
            ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1)], 1, 2),
        ]
        for (points, components, characteristic) in cases {
            let facts = SurfaceFacts(try MaskVolume.points(points, in: Self.box(2, 2, 2)).mesh())
            #expect(facts.componentCount == components, "\(points)")
            #expect(facts.eulerCharacteristic == characteristic, "\(points)")
            #expect(facts.isClosedManifold, "\(points)")
        }
    }

    @Test("two pillars that touch along an edge between plates leave no edge to four triangles")
    func neck() throws {
        // Along each axis: the only faces in which both loops of two cells meet twice.
        for axis in 0..<3 {
            let mask = MaskVolume(Self.box(3, 3, 3)) { point in
                let place = [point.x, point.y, point.z]
                guard place[axis] == 1 else { return place.allSatisfy { $0 < 3 } }
                let (u, v) = (place[(axis + 1) % 3], place[(axis + 2) % 3])
                return u < 2 && v < 2 && u != v
            }
            let facts = SurfaceFacts(try mask.mesh())
            #expect(facts.isClosedManifold, "axis \(axis)")
            #expect(facts.hasManifoldVertices, "axis \(axis)")
        }
    }

    @Test("the volume of a ball is that of its voxels within 2 %, of a plate exactly but for its rim")
    func volume() throws {
        let ball = MaskVolume(Self.box(44, 44, 44)) { Self.ball(20, center: 22, $0) }
        let volume = SurfaceFacts(try ball.mesh()).volume
        #expect(abs(volume / Double(ball.count) - 1) < 0.02, "\(volume) for \(ball.count) voxels")
        // A vertex of an edge is drawn in by 1/4 voxel along two axes, which cuts off two triangles of 1 x 1/4; at corners
        // three edges meet.
        let plate = MaskVolume(Self.box(60, 50, 10)) { _ in true }
        let cut = 60 * 50 * 10 - SurfaceFacts(try plate.mesh()).volume
        let edges = 4.0 * (60 + 50 + 10)
        #expect(cut > 0 && cut < edges * 0.25, "\(cut) cut off along \(edges) voxels of edges")
    }

    @Test("a diagonal staircase becomes a plane")
    func staircase() throws {
        let mask = MaskVolume(Self.box(20, 20, 6)) { $0.x + $0.y < 20 }
        let mesh = try mask.mesh()
        let inner = mesh.vertices.filter { vertex in
            (3...17).contains(vertex.x) && (3...17).contains(vertex.y) && (2...4).contains(vertex.z)
        }
        #expect(inner.count > 20)
        for vertex in inner { #expect(abs(vertex.x + vertex.y - 20.5) < 1e-5) }
    }

    @Test("coordinates are nanometers from the physical origin, also of anisotropic voxels")
    func physical() throws {
        let size = PhysicalSize(x: 4, y: 6, z: 40)
        let box = VoxelBox(x: 100..<110, y: 200..<207, z: 30..<33)
        let mesh = try MaskVolume(box) { _ in true }.mesh(voxelSize: size)
        let bounds = SurfaceFacts(mesh).bounds
        #expect(bounds.lower == SIMD3(400, 1200, 1200))
        #expect(bounds.upper == SIMD3(440, 1242, 1320))
        let voxel = try MaskVolume.points([(5, 6, 7)], in: VoxelBox(x: 5..<6, y: 6..<7, z: 7..<8)).mesh()
        // Eight corners around the centre, each at the mean of three face centres.
        #expect(voxel.vertices.count == 8 && voxel.triangles.count == 12)
        let facts = SurfaceFacts(voxel)
        #expect(abs(facts.volume - 1.0 / 27) < 1e-5)
        #expect(abs((facts.bounds.lower + facts.bounds.upper).sum() / 2 - 19.5) < 1e-5)
    }

    @Test("wide boxes, and voxels on both sides of a word of 64")
    func words() throws {
        for width in [61, 62, 63, 64, 65, 126, 127, 128, 200] {
            let row = MaskVolume(VoxelBox(x: 3..<3 + width, y: 0..<3, z: 0..<3)) { _ in true }
            let facts = SurfaceFacts(try row.mesh())
            #expect(facts.isClosedManifold && facts.eulerCharacteristic == 2, "\(width)")
            #expect(facts.bounds.upper.x == Double(3 + width), "\(width)")
        }
        var random = SeededGenerator(seed: 64)
        let wide = MaskVolume(VoxelBox(x: 0..<190, y: 0..<5, z: 0..<5)) { _ in random.below(2) == 0 }
        let facts = SurfaceFacts(try wide.mesh())
        #expect(facts.isClosedManifold && facts.hasManifoldVertices)
    }

    @Test("planes that are missing at the end are background, and an empty box has no surface")
    func missingPlanes() throws {
        let box = Self.box(4, 4, 4)
        let plane = (0..<4).map { MaskRun(y: $0, x: 0..<4) }
        var nets = try SurfaceNets(box: box, voxelSizeNanometers: Self.unit, triangleLimit: 1000)
        try nets.append(plane)
        let plate = try nets.finish()
        #expect(SurfaceFacts(plate).isClosedManifold && SurfaceFacts(plate).bounds.upper.z == 1)
        var nothing = try SurfaceNets(box: box, voxelSizeNanometers: Self.unit, triangleLimit: 1000)
        #expect(try nothing.finish().triangles.isEmpty)
    }

    @Test("limits: triangles, and the size of a plane")
    func limits() throws {
        let mask = MaskVolume(Self.box(5, 5, 5)) { _ in true }
        let exact = 2 * mask.faceCount
        #expect(try mask.mesh(triangleLimit: exact).triangles.count == exact)
        #expect(throws: MeshError.tooManyTriangles(limit: exact - 1)) {
            try mask.mesh(triangleLimit: exact - 1)
        }
        let huge = VoxelBox(x: 0..<1 << 30, y: 0..<1 << 30, z: 0..<1)
        #expect(throws: MeshError.self) {
            try SurfaceNets(box: huge, voxelSizeNanometers: Self.unit, triangleLimit: 1)
        }
    }
}
