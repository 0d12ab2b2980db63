import BossQuery
import BossTestSupport
import BossVoxels
import Testing

/// Conditions over two channels against loops over plain arrays, and what is refused.
@Suite("Conditions on voxels")
struct VoxelConditionTests {
    private let fixture: ResourceFixture
    private let shape = [10, 20, 70]
    private let image: [UInt64]
    private let labels: [UInt64]

    init() throws {
        fixture = try ResourceFixture()
        var random = SeededGenerator(seed: 0x3A5C)
        image = (0..<14_000).map { _ in random.next() & 0xFF }
        labels = (0..<14_000).map { index in [0, 42, 7, 1 << 63][index / 9 % 4] }
        try fixture.run(
            """
            CREATE FRAME f X 0:70 Y 0:20 Z 0:10 VOXEL 4nm, 4nm, 40nm;
            CREATE FRAME g X 0:70 Y 0:20 Z 0:10 VOXEL 8nm, 8nm, 40nm;
            CREATE COLLECTION c;
            CREATE EXPERIMENT c/e FRAME f;
            CREATE EXPERIMENT c/other FRAME g;
            CREATE CHANNEL c/e/em TYPE IMAGE DATATYPE UINT8 BACKGROUND 5 CUBOID 64,64,16;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 64,64,16;
            CREATE CHANNEL c/other/far TYPE ANNOTATION DATATYPE UINT64;
            USE c/e;
            """)
        _ = try fixture.tag(
            "INSERT CUTOUT INTO em VALUES $1", [.volume(ResourceFixture.volume(.uint8, shape, image))])
        _ = try fixture.tag(
            "INSERT CUTOUT INTO seg VALUES $1", [.volume(ResourceFixture.volume(.uint64, shape, labels))])
    }

    private func bits(_ statement: String) throws -> [UInt64] {
        ResourceFixture.bits(try fixture.volume(statement).volume)
    }

    private func expected(_ value: (UInt64, UInt64) -> UInt64) -> [UInt64] { zip(image, labels).map(value) }

    @Test("choose voxels of an image by labels, and the other way round")
    func masking() throws {
        #expect(
            try bits("SELECT CUTOUT e.VALUE FROM em AS e, seg AS s WHERE s.ID = 42")
                == expected { $1 == 42 ? $0 : 5 })
        #expect(
            try bits(
                "SELECT CUTOUT seg.ID FROM em, seg WHERE em.VALUE > 128 AND seg.ID <> 7 AND em.VALUE < 200")
                == expected { $0 > 128 && $0 < 200 && $1 != 7 ? $1 : 0 })
        #expect(
            try bits(
                "SELECT CUTOUT e.VALUE FROM em AS e, seg AS s WHERE s.ID = 9223372036854775808 OR NOT e.VALUE > 9"
            )
                == expected { $1 == 1 << 63 || $0 <= 9 ? $0 : 5 })
    }

    @Test("make masks of several channels")
    func masks() throws {
        #expect(
            try bits("SELECT CUTOUT e.VALUE > 100 AND s.ID IN (7, 42) FROM em AS e, seg AS s WHERE s.ID <> 7")
                == expected { $0 > 100 && $1 == 42 ? 1 : 0 })
        #expect(
            try bits("SELECT CUTOUT NOT (e.VALUE > 100 OR s.ID = 7) FROM em AS e, seg AS s")
                == expected { $0 > 100 || $1 == 7 ? 0 : 1 })
    }

    @Test("cut by coordinates, also slices")
    func coordinates() throws {
        let planes = expected { _, label in label == 42 ? label : 0 }.enumerated().map { index, value in
            (3..<6).contains(index / 1400) ? value : 0
        }
        #expect(try bits("SELECT CUTOUT FROM seg WHERE Z >= 3 AND 6 > Z AND ID = 42") == planes)
        #expect(try bits("SELECT SLICE FROM seg Z 4 WHERE ID = 42") == Array(planes[5600..<7000]))
        #expect(try bits("SELECT CUTOUT FROM seg WHERE Z > 90").allSatisfy { $0 == 0 })
    }

    @Test("go with the box of an object, and raise what the language says")
    func objects() throws {
        let result = try fixture.volume(
            "SELECT SLICE e.VALUE FROM em AS e, seg AS s OF ID 42 PAD 1 Z 4 WHERE s.ID = 42")
        #expect(result.volume.shape == [20, 70])
        #expect(try fixture.lines("FIND IDS IN seg OF ID 99") == [])
        for (statement, code) in [
            ("SELECT CUTOUT FROM seg OF ID 99", "02V01"),
            ("UPDATE CUTOUT seg OF ID 99 SET ID = 1", "02V01"),
            ("SELECT CUTOUT e.VALUE FROM em AS e, c/other/far AS s WHERE s.ID = 42", "22V05"),
            ("SELECT CUTOUT FROM em AS e, seg AS s", "42703"),
            ("SELECT CUTOUT e.VALUE FROM em AS e, seg AS s WHERE ID = 1", "42703"),
            ("UPDATE CUTOUT seg SET ID = 1 WHERE Z < 4 OR ID = 7", "0A000"),
            ("SELECT CUTOUT FROM seg WHERE depth < 4", "42703"),
            ("UPDATE CUTOUT em SET ID = 1", "22V08"),
            ("UPDATE CUTOUT em SET VALUE = 256", "22003"),
            ("UPDATE CUTOUT seg SET ID = ID + 1", "0A000"),
            ("SPLIT ID 0 IN seg INTO 5", "22023"),
            ("RESERVE 0 IDS IN seg", "22023"),
            ("RESERVE 1 IDS IN em", "22V08"),
        ] {
            #expect(fixture.refusal(statement).hasPrefix(code), "\(statement)")
        }
    }

    @Test("RESERVE is no part of the transaction around it")
    func reservation() throws {
        #expect(try fixture.lines("RESERVE 2 IDS IN seg") == ["9223372036854775809 2"])
        try fixture.run("BEGIN; CREATE CHANNEL new TYPE ANNOTATION DATATYPE UINT64;")
        #expect(try fixture.lines("RESERVE 3 IDS IN seg") == ["9223372036854775811 3"])
        #expect(fixture.refusal("RESERVE 1 IDS IN new").hasPrefix("0A000"))
        try fixture.run("ROLLBACK; BEGIN READ ONLY;")
        #expect(fixture.refusal("RESERVE 1 IDS IN seg").hasPrefix("25006"))
        try fixture.run("ROLLBACK")
        #expect(try fixture.lines("RESERVE 1 IDS IN seg") == ["9223372036854775814 1"])
    }

    @Test("see merged IDs as what they read as, for reads and for changes")
    func merging() throws {
        try fixture.run("MERGE IDS 7 INTO 42 IN seg")
        #expect(
            try bits("SELECT CUTOUT FROM seg WHERE ID = 42") == expected { $1 == 7 || $1 == 42 ? 42 : 0 })
        #expect(try bits("SELECT CUTOUT ID = 7 FROM seg").allSatisfy { $0 == 0 })
        let count = labels.count { $0 == 7 || $0 == 42 }
        #expect(try fixture.tag("UPDATE CUTOUT seg SET ID = 42 WHERE ID = 42") == "UPDATE 0")
        #expect(try fixture.tag("SPLIT ID 42 IN seg INTO 100") == "SPLIT \(count)")
        #expect(try bits("SELECT CUTOUT ID = 100 FROM seg") == expected { $1 == 7 || $1 == 42 ? 1 : 0 })
        try fixture.run("DELETE CUTOUT FROM seg; MERGE IDS 18446744073709551000 INTO 100 IN seg")
        #expect(try fixture.lines("RESERVE 1 IDS IN seg") == ["18446744073709551001 1"])
    }
}
