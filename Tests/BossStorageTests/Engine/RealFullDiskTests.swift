import BossTestSupport
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// A file system of the kernel that is really full: a tmpfs of a given size.
@Suite("Really full disk", .serialized)
struct RealFullDiskTests {
    private static let seed: UInt64 = 0xB055

    /// A few sizes; with `BOSSQL_FULL_DISKS` set, all from 2 to 64 MiB in steps of 256 KiB.
    private static let sizes: [Int] = {
        let all = Array(stride(from: 2 << 20, through: 64 << 20, by: 256 << 10))
        let wantsAll = ProcessInfo.processInfo.environment["BOSSQL_FULL_DISKS"] != nil
        return wantsAll ? all : [2 << 20, 3 << 20 + 256 << 10, 8 << 20]
    }()

    @Test("refuses writes, deletes, makes room, and goes on, also when the disk grows")
    func sizes() throws {
        var refusals = 0
        var freed = 0
        for size in Self.sizes {
            do {
                guard let disk = try TemporaryDisk(byteCount: size) else {
                    print("no full disk test: a tmpfs cannot be mounted here, which needs root")
                    return
                }
                defer { disk.unmount() }
                try work(on: disk, &refusals, &freed)
            } catch {
                throw TestFailure("\(size) bytes, seed \(Self.seed): \(error)")
            }
        }
        print("full disks: \(Self.sizes.count) sizes, \(refusals) writes refused, \(freed) bytes given back")
        #expect(refusals >= 3 * Self.sizes.count)
    }

    private func options(_ disk: TemporaryDisk) -> StorageOptions {
        var options = StorageOptions()
        options.logByteCount = UInt64(disk.byteCount / 16)
        options.bulkSegmentByteCount = UInt64(disk.byteCount / 16)
        options.levelZeroLimit = 4
        options.bootIdentifier = 1
        return options
    }

    private func work(on disk: TemporaryDisk, _ refusals: inout Int, _ freed: inout Int) throws {
        let session = Session(
            files: SimulatedFileSystem(seed: Self.seed), options: options(disk),
            brickByteCount: disk.byteCount / 512)
        session.seam = try PosixFileSystem(directory: disk.path, createIfMissing: false)
        session.isRefusedWhenFull = true
        try session.open()
        var filler = Filler(session: session)
        refusals += try filler.fill()
        try session.expectAcknowledged()
        let written = filler.count
        guard written >= 8 else { throw TestFailure("only \(written) cuboids fit") }

        let full = try disk.freeByteCount()
        try session.delete(channel: 1, 0..<filler.powerOfTwo)
        try session.drop(channel: 2)
        try session.expectAcknowledged()
        try session.engine?.maintainAll()
        let free = try disk.freeByteCount()
        guard free - full > disk.byteCount / 4 else {
            let usage = session.engine.map { "\($0.spaceUsage)" } ?? ""
            throw TestFailure("\(full) bytes free before, \(free) after maintenance, \(usage)")
        }
        freed += free - full
        // The same handle goes on, up to the next end.
        filler.startChannel(4)
        let again = filler.count
        refusals += try filler.fill()
        guard filler.count - again >= written / 4 else {
            throw TestFailure("only \(filler.count - again) of \(written) cuboids fit again")
        }
        try session.expectAcknowledged()

        // The process ends without closing; the next one opens on the full disk.
        session.kill()
        do { try session.open() } catch StorageError.diskFull {
            // Its log is longer than the reserve.
        }
        if session.engine == nil { try disk.resize(disk.byteCount + disk.byteCount / 4) }
        try session.open()
        try session.expectAcknowledged()
        try disk.resize(disk.byteCount * 2)
        filler.startChannel(6)
        let grown = filler.count
        refusals += try filler.fill()
        guard filler.count - grown >= written / 4 else {
            throw TestFailure("only \(filler.count - grown) of \(written) cuboids on a larger disk")
        }
        try session.expectAcknowledged()
        try session.close()
        try session.open()
        try session.expectAcknowledged()
        try session.close()
    }
}

/// Writes one cuboid after the other, alternating between two channels.
private struct Filler {
    let session: Session
    private var channel: UInt32 = 1
    private var next: UInt64 = 0
    private(set) var count = 0

    init(session: Session) { self.session = session }

    /// The largest power of two among the cuboids of a channel.
    var powerOfTwo: UInt64 {
        var power: UInt64 = 1
        while power * 2 <= next { power *= 2 }
        return power
    }

    mutating func startChannel(_ first: UInt32) {
        channel = first
        next = 0
    }

    /// Writes until the disk is full.
    ///
    /// - Returns: how many writes were refused.
    mutating func fill() throws -> Int {
        session.continuesAfterErrors = true
        defer { session.continuesAfterErrors = false }
        let before = session.errors.count
        while session.errors.count == before {
            let bricks = (0..<4).map { _ in BrickContent(number: session.content().number << 2 | 2) }
            let changes = [channel, channel + 1].map { (CuboidKey($0, next), PageChange.full(bricks)) }
            if next % 4 == 3 { try session.bulk(changes) } else { try session.commit(changes) }
            if session.errors.count == before {
                next += 1
                count += 1
            }
        }
        guard case .diskFull = session.errors.last else { throw TestFailure("\(session.errors)") }
        return session.errors.count - before
    }
}
