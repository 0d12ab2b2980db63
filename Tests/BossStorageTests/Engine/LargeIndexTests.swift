import BossCodec
import BossTestSupport
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Indexes of several leaves, long histories of one cuboid, and large batches.
@Suite("Large indexes and batches")
struct LargeIndexTests {
    private func bulk(_ engine: StorageEngine, _ codes: some Sequence<UInt64>, _ channel: UInt32) throws {
        let bulk = try engine.beginBulk()
        for code in codes {
            try bulk.add(
                .constant(key: CuboidKey(channel, code), bits: code * 3 + UInt64(channel), voxelByteCount: 8),
                dependsOnBase: false)
        }
        try bulk.commit()
    }

    private func expect(_ engine: StorageEngine, _ codes: [UInt64], stored: Set<UInt64>, _ channel: UInt32)
        throws
    {
        let located = try engine.view().locate(CuboidKey(channel, 0).group, codes: codes)
        for (code, page) in zip(codes, located) {
            let expected = stored.contains(code) ? code * 3 + UInt64(channel) : nil
            guard page.morton == code, page.base?.constantBits == expected else {
                throw TestFailure(
                    "code \(code) of channel \(channel): \(String(describing: page.base?.constantBits))")
            }
        }
    }

    @Test(
        "cuboids on both sides of every leaf border are found, and none between",
        arguments: [407, 408, 409, 816, 817, 3000])
    func leafBorders(count: Int) throws {
        #expect(SegmentIndex.entriesPerLeaf == 408)
        let files = SimulatedFileSystem(seed: 1)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: .init())
        let codes = (0..<UInt64(count)).map { $0 * 2 + 10 }
        try bulk(engine, codes.shuffled(), 2)
        try bulk(engine, codes.prefix(3), 1)
        var random = SeededGenerator(seed: 77)
        let all = Array(0..<UInt64(count * 2 + 30))
        try expect(engine, all, stored: Set(codes), 2)
        try expect(engine, all, stored: Set(codes.prefix(3)), 1)
        for _ in 0..<60 {
            let some = all.filter { _ in Int.random(in: 0..<40, using: &random) == 0 }
            try expect(engine, some, stored: Set(codes), 2)
            let one = UInt64.random(in: 0..<UInt64(count * 2 + 30), using: &random)
            try expect(engine, [one], stored: Set(codes), 2)
            let high = UInt64.random(in: one...UInt64(count * 2 + 30), using: &random)
            let written = try engine.view().writtenCodes(CuboidKey(2, 0).group, in: one...high)
            #expect(written == codes.filter { (one...high).contains($0) })
        }
    }

    @Test("compaction keeps every cuboid of long indexes")
    func compacted() throws {
        let engine = try StorageEngine.open(
            fileSystem: SimulatedFileSystem(seed: 2), mode: .readWrite(create: true), options: .init())
        let count = 2 * VersionReader.chunkCount + 100
        // Neighbours, so that none can be left out unseen.
        let codes = (0..<UInt64(count)).map { $0 + 10 }
        try bulk(engine, codes, 2)
        try bulk(engine, codes.filter { $0 % 3 == 0 }, 2)
        try engine.setRetention(microseconds: 0)
        try engine.compact()
        #expect(engine.spaceUsage.dead == 0)
        try expect(engine, Array(0..<UInt64(count + 30)), stored: Set(codes), 2)
    }

    /// 1000 versions of one cuboid fill more than two leaves of a sealed log.
    @Test("the newest of many versions is found across leaves, with its neighbours")
    func manyVersions() throws {
        let files = SimulatedFileSystem(seed: 2)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: .init())
        let group = CuboidKey(1, 0).group
        var old: [(view: View, value: UInt64)] = []
        for number in UInt64(1)...1000 {
            var batch = WriteBatch(base: try engine.view())
            batch.put(.constant(key: CuboidKey(1, 5), bits: number, voxelByteCount: 8), dependsOnBase: true)
            if number == 3 {
                for code in [UInt64(4), 6, 7] {
                    batch.put(
                        .constant(key: CuboidKey(1, code), bits: code, voxelByteCount: 8),
                        dependsOnBase: false)
                }
            }
            try engine.commit(batch)
            if number % 190 == 0 { old.append((try engine.view(), number)) }
        }
        try engine.checkpoint()
        func expect(_ view: View, _ number: UInt64) throws {
            let located = try view.locate(group, codes: Array(0...9))
            #expect(located.map { $0.base?.constantBits } == [nil, nil, nil, nil, 4, number, 6, 7, nil, nil])
            #expect(located[5].newestSequence == number)
        }
        try expect(try engine.view(), 1000)
        for (view, value) in old { try expect(view, value) }
        try engine.close()
        let again = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: false), options: .init())
        try expect(try again.view(), 1000)
        #expect(try again.view().writtenCodes(group, in: 0...100) == [4, 5, 6, 7])
    }

    @Test("a channel number, level, time and code at their limits are found again")
    func extremeKeys() throws {
        let files = SimulatedFileSystem(seed: 3)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: .init())
        let groups = [
            PageGroup(channel: 0, resolution: 0, time: 0),
            PageGroup(channel: .max, resolution: 255, time: .max),
            PageGroup(channel: 1, resolution: 128, time: 7),
            PageGroup(channel: 1, resolution: 127, time: .max),
        ]
        let codes = [0, 1, UInt64(1) << 62, UInt64.max >> 1]
        for isBulk in [false, true] {
            let bulk = try engine.beginBulk()
            var batch = WriteBatch(base: try engine.view())
            for (number, group) in groups.enumerated() {
                for code in codes {
                    let key = CuboidKey(group: group, morton: code)
                    let bits = UInt64.max - code - UInt64(number)
                    let page = EncodedPage.constant(key: key, bits: bits, voxelByteCount: 8)
                    if isBulk {
                        try bulk.add(page, dependsOnBase: true)
                    } else {
                        batch.put(page, dependsOnBase: true)
                    }
                }
            }
            if isBulk { try bulk.commit() } else { try engine.commit(batch) }
            try engine.checkpoint()
            for (number, group) in groups.enumerated() {
                let found = try engine.view().locate(group, codes: codes).map { $0.base?.constantBits }
                #expect(found == codes.map { UInt64.max - $0 - UInt64(number) })
            }
        }
    }

    /// On a real disk: more buffers than one system call takes, and pages of several alignments.
    @Test("a batch of a thousand pages and pages beyond 64 KiB survive on a real disk")
    func realDisk() throws {
        try withTemporaryDirectory { directory in
            let files = try PosixFileSystem(directory: directory, createIfMissing: false)
            var options = StorageOptions()
            options.bootIdentifier = 1
            var engine = try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: true), options: options)
            var state = ModelState()
            let small = TestBricks(brickByteCount: 64, preference: .none)
            let large = TestBricks(brickByteCount: 36 << 10, preference: .none)
            var batch = WriteBatch(base: try engine.view())
            var number: UInt32 = 2
            func full() -> PageChange {
                number += 16
                return .full((0..<4).map { BrickContent(number: number + $0 * 4) })
            }
            var largeState = ModelState()
            for code in UInt64(0)..<1000 {
                let change = full()
                batch.put(try small.page(CuboidKey(1, code), change), dependsOnBase: false)
                state.apply(CuboidKey(1, code), change)
                guard code % 250 == 0 else { continue }
                let other = full()
                batch.put(try large.page(CuboidKey(2, code), other), dependsOnBase: false)
                largeState.apply(CuboidKey(2, code), other)
            }
            try engine.commit(batch)
            let bulk = try engine.beginBulk()
            for code in UInt64(0)..<5 {
                let change = full()
                try bulk.add(try large.page(CuboidKey(2, code), change), dependsOnBase: false)
                largeState.apply(CuboidKey(2, code), change)
            }
            try bulk.commit()
            for round in 0..<4 {
                let view = try engine.view()
                #expect(
                    try small.difference(engine, view, state, keys: state.cuboids.keys) == nil,
                    "round \(round)")
                #expect(
                    try large.difference(engine, view, largeState, keys: largeState.cuboids.keys) == nil,
                    "round \(round)")
                switch round {
                case 0:
                    let reader = try StorageEngine.open(
                        fileSystem: try PosixFileSystem(directory: directory, createIfMissing: false),
                        mode: .readOnly,
                        options: options)
                    #expect(
                        try small.difference(reader, try reader.view(), state, keys: state.cuboids.keys)
                            == nil)
                    try engine.checkpoint()
                default:
                    try engine.close()
                    engine = try StorageEngine.open(
                        fileSystem: files, mode: .readWrite(create: false), options: options)
                }
            }
            #expect(throws: StorageError.self) {
                try StorageEngine.open(
                    fileSystem: try PosixFileSystem(directory: directory, createIfMissing: false),
                    mode: .readWrite(create: false), options: options)
            }
            try engine.close()
        }
    }
}
