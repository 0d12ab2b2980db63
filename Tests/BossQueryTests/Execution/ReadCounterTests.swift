import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Testing

/// What EXPLAIN ANALYZE counts. Values by hand.
@Suite("Read counters")
struct ReadCounterTests {
    /// Cuboids of 512 x 512 x 16 voxels with bricks of 64 x 64 x 16.
    private func withBricks() throws -> ResourceFixture {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:1024 Y 0:1024 Z 0:128 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f;
            CREATE CHANNEL c/e/a TYPE IMAGE DATATYPE UINT8;
            USE c/e;
            """)
        // Neither constant nor incompressible.
        var volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [80, 128, 128])
        volume.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index / 7) }
        }
        try fixture.run(
            "INSERT CUTOUT INTO a X 0:128 Y 0:128 Z 0:80 VALUES $1", parameters: [.volume(volume)])
        return fixture
    }

    private func counters(_ fixture: ResourceFixture, _ statement: String) throws -> [String: String] {
        guard case .rows(let rows) = try fixture.session.query("EXPLAIN ANALYZE " + statement).value,
            let step = rows.rows.first(where: { ResourceFixture.text($0[5]) != "NULL" })
        else { return [:] }
        return Dictionary(uniqueKeysWithValues: zip(rows.columns.map(\.name), step.map(ResourceFixture.text)))
    }

    @Test("an unaligned cutout of 64^3 touches 2 x 2 x 5 bricks in 5 pages, and decodes each once")
    func unalignedCutout() throws {
        let fixture = try withBricks()
        // x and y 30 to 93 lie in bricks 0 and 1, z 5 to 68 in layers 0 to 4 of 16, each of its own page.
        let statement = "SELECT CUTOUT FROM a X 30:94 Y 30:94 Z 5:69"
        let first = try counters(fixture, statement)
        #expect(first["pages_read"] == "5")
        #expect(first["bricks"] == "20")
        let (decoded, cached) = (
            Int(first["bricks_decoded"] ?? "") ?? -1, Int(first["cache_hits"] ?? "") ?? -1
        )
        #expect(decoded == 20 && cached == 0)
        #expect(first["bytes_decoded"] == "\(20 * 64 * 64 * 16)")
        let readBytes = Int(first["bytes_read"] ?? "") ?? -1
        #expect(1..<20 * 64 * 64 * 16 ~= readBytes, "compressed: \(readBytes)")
        let second = try counters(fixture, statement)
        #expect(second["bricks"] == "20")
        #expect(second["bricks_decoded"] == "0")
        #expect(second["cache_hits"] == "20")
        #expect(second["bytes_read"] == "0")
        #expect(second["bytes_decoded"] == "0")
        #expect(
            try fixture.session.query("STATS OF a X 30:94 Y 30:94 Z 5:69").statistics.read.cachedBrickCount
                == 20)
    }

    @Test("an aligned cutout of one brick touches one, a border voxel more touches two")
    func alignedCutout() throws {
        let fixture = try withBricks()
        let one = try counters(fixture, "SELECT CUTOUT FROM a X 64:128 Y 64:128 Z 16:32")
        #expect(one["pages_read"] == "1" && one["bricks"] == "1")
        let two = try counters(fixture, "SELECT CUTOUT FROM a X 63:128 Y 64:128 Z 16:32")
        #expect(two["pages_read"] == "1" && two["bricks"] == "2" && two["bricks_decoded"] == "1")
        #expect(two["cache_hits"] == "1")
        let none = try counters(fixture, "SELECT CUTOUT FROM a X 512:600 Y 0:64 Z 0:16")
        #expect(none["pages_read"] == "0" && none["bricks"] == "0" && none["bytes_read"] == "0")
    }
}
