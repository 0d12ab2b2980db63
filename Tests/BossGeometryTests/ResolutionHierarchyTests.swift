import BossGeometry
import BossTestSupport
import Testing

@Suite("Resolution hierarchy")
struct ResolutionHierarchyTests {
    private func hierarchy(
        _ size: PhysicalSize = PhysicalSize(x: 4, y: 4, z: 40), _ method: HierarchyMethod = .anisotropic,
        levels: Int = 6, base: Int = 0, unit: LengthUnit = .nanometers,
        box: VoxelBox = VoxelBox(x: 0..<4096, y: 0..<4096, z: 0..<512)
    ) throws -> ResolutionHierarchy {
        let frame = try CoordinateFrame(box: box, voxelSize: size, unit: unit)
        return try ResolutionHierarchy(frame: frame, method: method, levelCount: levels, baseResolution: base)
    }

    private func iso(_ level: Int) throws -> ResolutionLevel {
        try ResolutionLevel(level: level, isIsotropic: true)
    }

    /// The example of the BossDB reference.
    @Test("voxels of 4 x 4 x 40 nm are nearest to cubes at level 3, and the chains part above it")
    func isotropicChain() throws {
        let hierarchy = try hierarchy()
        #expect(hierarchy.isotropicLevel == 3)
        #expect(hierarchy.hasIsotropicChain)
        #expect(hierarchy.firstDistinctIsotropicLevel == 4)
        let expected = [(4, 40), (8, 40), (16, 40), (32, 40), (64, 80), (128, 160)]
        for (level, size) in expected.enumerated() {
            let found = hierarchy.voxelSize(at: try iso(level))
            #expect(found == PhysicalSize(x: Double(size.0), y: Double(size.0), z: Double(size.1)))
            let normal = hierarchy.voxelSize(at: try ResolutionLevel(level: level))
            #expect(normal == PhysicalSize(x: Double(size.0), y: Double(size.0), z: 40))
        }
        #expect(hierarchy.factors(from: 2, isIsotropic: true) == VoxelExtent(x: 2, y: 2, z: 1))
        #expect(hierarchy.factors(from: 3, isIsotropic: true) == VoxelExtent(x: 2, y: 2, z: 2))
        #expect(hierarchy.factors(from: 3, isIsotropic: false) == VoxelExtent(x: 2, y: 2, z: 1))
        #expect(hierarchy.stored(try iso(3)) == (try ResolutionLevel(level: 3)))
        #expect(hierarchy.stored(try iso(4)) == (try iso(4)))
        #expect(hierarchy.source(of: try iso(4)) == (try ResolutionLevel(level: 3)))
        #expect(hierarchy.source(of: try iso(5)) == (try iso(4)))
        #expect(hierarchy.source(of: .native) == nil)
    }

    @Test("different voxel sizes along x and y leave no isotropic chain")
    func noChain() throws {
        let uneven = try hierarchy(PhysicalSize(x: 4, y: 5, z: 40))
        #expect(uneven.isotropicLevel == nil)
        #expect(!uneven.hasIsotropicChain)
        #expect(uneven.firstDistinctIsotropicLevel == nil)
        #expect(throws: GeometryError.noIsotropicChain) { try uneven.level(1, isIsotropic: true) }
        // Nearest at level 0: z below x, and z = 4/3 x, which is as far from a cube at level 1.
        #expect(try hierarchy(PhysicalSize(x: 4, y: 4, z: 1)).isotropicLevel == 0)
        #expect(try hierarchy(PhysicalSize(x: 3, y: 3, z: 4)).isotropicLevel == 0)
    }

    @Test("the isotropic method halves all axes, and its isotropic levels are the normal ones")
    func isotropicMethod() throws {
        let hierarchy = try hierarchy(PhysicalSize(x: 1, y: 2, z: 3), .isotropic)
        #expect(hierarchy.isotropicLevel == 0)
        #expect(hierarchy.firstDistinctIsotropicLevel == nil)
        #expect(hierarchy.scale(of: try ResolutionLevel(level: 3)) == VoxelExtent(x: 8, y: 8, z: 8))
        #expect(hierarchy.factors(from: 0, isIsotropic: false) == VoxelExtent(x: 2, y: 2, z: 2))
        #expect(hierarchy.stored(try iso(2)) == (try ResolutionLevel(level: 2)))
    }

    @Test("chains that end at the isotropic level have no level of their own")
    func shortChain() throws {
        #expect(try hierarchy(levels: 4).firstDistinctIsotropicLevel == nil)
        #expect(try hierarchy(levels: 5).firstDistinctIsotropicLevel == 4)
        #expect(try hierarchy(levels: 2, base: 6).firstDistinctIsotropicLevel == 6)
    }

    /// The oracle halves one level at a time.
    @Test("boxes floor the start and ceil the stop at every halving")
    func boxes() throws {
        let native = VoxelBox(x: 5..<1001, y: 7..<8, z: 3..<77)
        for method in HierarchyMethod.allCases {
            let hierarchy = try hierarchy(method, native)
            for isIsotropic in [false, true] {
                var expected = native
                for level in 0..<12 {
                    let found = hierarchy.box(at: try ResolutionLevel(level: level, isIsotropic: isIsotropic))
                    #expect(found == expected, "level \(level)")
                    let factors = hierarchy.factors(from: level, isIsotropic: isIsotropic)
                    func halved(_ axis: SpatialAxis) -> Range<Int> {
                        let factor = factors[axis]
                        let range = expected[axis]
                        return range.lowerBound / factor..<(range.upperBound + factor - 1) / factor
                    }
                    expected = VoxelBox(x: halved(.x), y: halved(.y), z: halved(.z))
                }
            }
        }
    }

    private func hierarchy(_ method: HierarchyMethod, _ box: VoxelBox) throws -> ResolutionHierarchy {
        try hierarchy(PhysicalSize(x: 4, y: 4, z: 16), method, levels: 12, box: box)
    }

    /// The oracle is the definition: a target voxel belongs to the box if it shares space with it.
    @Test("boxes between levels cover exactly the voxels that share space with them")
    func conversion() throws {
        let hierarchy = try hierarchy()
        var random = SeededGenerator(seed: 0xC0)
        for _ in 0..<200 {
            let source = try ResolutionLevel(
                level: Int.random(in: 0...6, using: &random), isIsotropic: Bool.random(using: &random))
            let target = try ResolutionLevel(
                level: Int.random(in: 0...6, using: &random), isIsotropic: Bool.random(using: &random))
            let low = Int.random(in: -50...50, using: &random)
            let range = low..<low + Int.random(in: 1...40, using: &random)
            let found = try hierarchy.box(VoxelBox(x: range, y: range, z: range), from: source, to: target)
            for axis in SpatialAxis.allCases {
                let from = hierarchy.scale(of: source)[axis]
                let to = hierarchy.scale(of: target)[axis]
                // In level-0 voxels.
                let space = range.lowerBound * from..<range.upperBound * from
                let first = Int((Double(space.lowerBound) / Double(to)).rounded(.down))
                let end = Int((Double(space.upperBound) / Double(to)).rounded(.up))
                #expect(found[axis] == first..<end, "\(source) to \(target), seed \(random.seed)")
            }
        }
        let far = VoxelBox(x: 0..<VoxelPoint.coordinateLimit, y: 0..<1, z: 0..<1)
        #expect(throws: GeometryError.coordinateTooLarge(axis: .x, value: VoxelPoint.coordinateLimit)) {
            try hierarchy.box(far, from: try ResolutionLevel(level: 30), to: .native)
        }
        let near = VoxelBox(x: 0..<VoxelPoint.coordinateLimit / 2, y: 0..<1, z: 0..<1)
        #expect(
            try hierarchy.box(near, from: ResolutionLevel(level: 1), to: .native)[.x].upperBound
                == VoxelPoint.coordinateLimit)
    }

    @Test("RES AT picks the coarsest level whose voxels are not longer")
    func coarsest() throws {
        let hierarchy = try hierarchy()
        func level(_ nanometers: Double) -> Int? {
            hierarchy.coarsestLevel(notCoarserThan: nanometers)?.level
        }
        #expect(level(32) == 3)
        #expect(level(63.9) == 3)
        #expect(level(64) == 4)
        #expect(level(4) == 0)
        #expect(level(3.9) == nil)
        #expect(level(1e12) == 5)
        #expect(level(.nan) == nil)
        let micro = try self.hierarchy(PhysicalSize(x: 0.0041, y: 0.0041, z: 0.04), unit: .micrometers)
        #expect(micro.coarsestLevel(notCoarserThan: 32.8)?.level == 3)
        #expect(try self.hierarchy(base: 2).coarsestLevel(notCoarserThan: 8) == nil)
    }

    @Test("physical intervals cover whole voxels without rounding error")
    func physical() throws {
        let hierarchy = try hierarchy()
        #expect(
            try hierarchy.voxels(fromNanometers: 0, toNanometers: 2 * 1000, along: .x, at: .native) == 0..<500
        )
        #expect(try hierarchy.voxels(fromNanometers: 3, toNanometers: 4.1, along: .x, at: .native) == 0..<2)
        #expect(try hierarchy.voxels(fromNanometers: -1, toNanometers: 41, along: .z, at: .native) == -1..<2)
        #expect(
            try hierarchy.voxels(
                fromNanometers: 64, toNanometers: 129, along: .y, at: ResolutionLevel(level: 4))
                == 1..<3)
        // 4.1 nm is no binary fraction: every multiple must still land on its border.
        let odd = try self.hierarchy(PhysicalSize(x: 0.0041, y: 0.0041, z: 0.1), unit: .micrometers)
        for count in [1, 3, 7, 10, 499, 1_000_003, 123_456_789] {
            let end = Double(count) * 4.1
            #expect(
                try odd.voxels(fromNanometers: end, toNanometers: end, along: .x, at: .native)
                    == count..<count)
        }
        #expect(throws: GeometryError.reversedInterval(axis: .x, lower: 2, upper: 1)) {
            try hierarchy.voxels(fromNanometers: 8, toNanometers: 4, along: .x, at: .native)
        }
        for value in [Double.nan, .infinity, 1e300] {
            #expect(throws: GeometryError.coordinateTooLarge(axis: .z, value: Int.max)) {
                try hierarchy.voxels(fromNanometers: 0, toNanometers: value, along: .z, at: .native)
            }
        }
    }

    @Test("levels go from the base resolution up and at most to 30")
    func levels() throws {
        let hierarchy = try hierarchy(levels: 3, base: 2)
        #expect(hierarchy.lastLevel == 4)
        #expect(try hierarchy.level(2) == ResolutionLevel(level: 2))
        #expect(try hierarchy.level(4, isIsotropic: true) == iso(4))
        #expect(throws: GeometryError.resolutionOutOfRange(level: 1, levelCount: 5)) {
            try hierarchy.level(1)
        }
        #expect(throws: GeometryError.resolutionOutOfRange(level: 5, levelCount: 5)) {
            try hierarchy.level(5)
        }
        #expect(try self.hierarchy(levels: 31).lastLevel == 30)
        #expect(throws: GeometryError.self) { try self.hierarchy(levels: 32) }
        #expect(throws: GeometryError.self) { try self.hierarchy(levels: 0) }
        #expect(throws: GeometryError.self) { try self.hierarchy(levels: 1, base: 31) }
        #expect(throws: GeometryError.self) { try self.hierarchy(levels: Int.max, base: 30) }
        #expect(throws: GeometryError.self) { try self.hierarchy(levels: 1, base: -1) }
    }

    @Test("a level is one byte, bit 7 being the isotropic chain")
    func bytes() throws {
        #expect(try ResolutionLevel(level: 30).rawValue == 30)
        #expect(try iso(4).rawValue == 0x84)
        let valid = (0...UInt8.max).filter { ResolutionLevel(rawValue: $0) != nil }
        #expect(valid == Array(0...30) + Array(0x80...0x9E))
        for byte in valid { #expect(ResolutionLevel(rawValue: byte)?.rawValue == byte) }
        #expect(throws: GeometryError.resolutionOutOfRange(level: 31, levelCount: 31)) {
            try ResolutionLevel(level: 31)
        }
        #expect(try iso(4).description == "4 ISO")
    }
}
