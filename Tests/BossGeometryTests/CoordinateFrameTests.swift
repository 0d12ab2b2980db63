import BossGeometry
import Testing

@Suite("Coordinate frame")
struct CoordinateFrameTests {
    private let box = VoxelBox(x: 0..<100, y: 5..<60, z: 0..<10)

    @Test("keeps its values and gives nanometers")
    func values() throws {
        let frame = try CoordinateFrame(
            box: box, voxelSize: PhysicalSize(x: 0.004, y: 0.004, z: 0.04), unit: .micrometers)
        #expect(frame.box == box)
        #expect(abs(frame.voxelSizeNanometers.z - 40) < 1e-9)
    }

    @Test("refuses negative starts, empty boxes and impossible voxel sizes")
    func refusals() {
        let size = PhysicalSize(x: 4, y: 4, z: 40)
        #expect(throws: GeometryError.negativeFrameStart(axis: .y, value: -1)) {
            try CoordinateFrame(
                box: VoxelBox(x: 0..<1, y: -1..<1, z: 0..<1), voxelSize: size, unit: .nanometers)
        }
        #expect(throws: GeometryError.emptyFrame(axis: .z)) {
            try CoordinateFrame(
                box: VoxelBox(x: 0..<1, y: 0..<1, z: 3..<3), voxelSize: size, unit: .nanometers)
        }
        for value in [0, -4, Double.infinity, 1e305] {
            #expect(throws: GeometryError.invalidVoxelSize(axis: .x, value: value)) {
                try CoordinateFrame(
                    box: box, voxelSize: PhysicalSize(x: value, y: 4, z: 4), unit: .nanometers)
            }
        }
        #expect(throws: GeometryError.self) {
            try CoordinateFrame(box: box, voxelSize: PhysicalSize(x: 4, y: .nan, z: 4), unit: .nanometers)
        }
    }

    @Test("units are BossDB's words")
    func units() {
        #expect(
            LengthUnit.allCases.map(\.rawValue) == [
                "nanometers", "micrometers", "millimeters", "centimeters",
            ])
        #expect(LengthUnit.allCases.map(\.nanometersPerUnit) == [1, 1e3, 1e6, 1e7])
        #expect(
            TimeUnit.allCases.map(\.rawValue) == ["nanoseconds", "microseconds", "milliseconds", "seconds"])
        #expect(TimeUnit.allCases.map(\.nanosecondsPerUnit) == [1, 1e3, 1e6, 1e9])
        #expect(LengthUnit(rawValue: "meters") == nil)
    }
}
