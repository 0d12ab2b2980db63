import BossCodec
import BossTestSupport
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Bytes of a closed database change: an error, or no difference at all, and never wrong voxels.
@Suite("Damaged databases")
struct DamageTests {
    private static let seed: UInt64 = 0xB055
    /// Bits turned over in the long files; `BOSSQL_FLIPS` asks for more.
    private static let samplesPerFile: Int = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_FLIPS"].flatMap { Int($0) }
        return max(400, (asked ?? 0) / 8)
    }()

    @Test("the database of these tests has every kind of file and codec")
    func database() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        #expect(database.codecs == [.constant, .raw, .lz4, .zstd])
        #expect(database.segments.filter { $0.hasPrefix("seg/") }.count >= 4)
        #expect(database.segments.filter { $0.hasPrefix("wal/") }.count == 2)
        #expect(try database.verdict(on: database.files.clone(), asWriter: true) { "" } == .harmless)
        #expect(try database.verdict(on: database.files.clone(), asWriter: false) { "" } == .harmless)
    }

    /// Short files and the ends of long ones byte by byte, the rest sampled.
    @Test("a bit that turned over is detected or harmless", arguments: 0..<4)
    func bitFlips(_ part: Int) throws {
        let database = try DamagedDatabase(seed: Self.seed)
        var random = SeededGenerator(seed: Self.seed &+ UInt64(part))
        var counts: [DamagedDatabase.Verdict: Int] = [:]
        for (index, path) in database.files.fileNames.enumerated() where index % 4 == part {
            let length = database.files.contents(path)?.count ?? 0
            guard length > 0 else { continue }
            var offsets = (0..<Self.samplesPerFile).map { _ in Int.random(in: 0..<length, using: &random) }
            if path == database.newestRoot { offsets += 0..<length }
            if path == "LOCK" { offsets = Array(0..<length).filter { $0 < 8 || $0 >= 4096 } }
            if path.hasPrefix("seg/") || path.hasPrefix("wal/") {
                offsets += stride(from: 0, to: 88, by: 3)
                offsets += stride(from: length - 4096, to: length - 4096 + 112, by: 3)
            }
            for offset in offsets {
                let bit = Int.random(in: 0..<8, using: &random)
                let copy = database.files.clone()
                try copy.corrupt(path, offset: offset, bit: bit)
                let verdict = try database.verdict(on: copy, asWriter: offset % 2 == 0) {
                    "bit \(bit) of byte \(offset) of \(path), seed \(Self.seed)"
                }
                counts[verdict, default: 0] += 1
            }
        }
        let total = counts.values.reduce(0, +)
        print("bits turned over: \(total), seed \(Self.seed), \(counts)")
        #expect(total >= 800)
        #expect(counts[.detected, default: 0] > 0)
    }

    @Test("every byte of the newest root matters", arguments: [true, false])
    func newestRoot(asWriter: Bool) throws {
        let database = try DamagedDatabase(seed: Self.seed)
        let length = database.files.contents(database.newestRoot)?.count ?? 0
        for offset in stride(from: 0, to: length, by: 7) {
            let copy = database.files.clone()
            try copy.corrupt(database.newestRoot, offset: offset, bit: offset % 8)
            #expect(try database.verdict(on: copy, asWriter: asWriter) { "" } == .detected, "byte \(offset)")
        }
    }

    @Test("zeroed sectors are detected or harmless")
    func zeroedSectors() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        for path in database.files.fileNames {
            let length = database.files.contents(path)?.count ?? 0
            for start in stride(from: 0, to: length, by: 512) {
                let copy = database.files.clone()
                try copy.overwriteForTest(
                    path, [UInt8](repeating: 0, count: min(512, length - start)), at: start)
                _ = try database.verdict(on: copy, asWriter: start / 512 % 2 == 0) {
                    "\(path), sector at \(start)"
                }
            }
        }
    }

    @Test("a file that was cut is detected or harmless")
    func truncation() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        var random = SeededGenerator(seed: Self.seed)
        for path in database.files.fileNames {
            let length = database.files.contents(path)?.count ?? 0
            guard length > 1 else { continue }
            var cuts = [0, 1, length - 1, length / 2] + Array(stride(from: 512, to: length, by: 2048))
            cuts += (0..<10).map { _ in Int.random(in: 0..<length, using: &random) }
            for cut in cuts {
                for asWriter in [true, false] {
                    let copy = database.files.clone()
                    try copy.truncateForTest(path, byteCount: cut)
                    let verdict = try database.verdict(on: copy, asWriter: asWriter) {
                        "\(path) cut at \(cut)"
                    }
                    let isOld = path != database.newestRoot && path.hasSuffix(".mf")
                    if path != "LOCK", path != SpaceReserve.path, !isOld {
                        #expect(verdict == .detected, "\(path) cut at \(cut)")
                    }
                }
            }
        }
    }

    @Test("bytes behind the end are detected or harmless")
    func appendedGarbage() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        for path in database.files.fileNames {
            let contents = database.files.contents(path) ?? []
            for garbage in [[UInt8](repeating: 0xA5, count: 700), [0], Array(contents.prefix(5000))] {
                let copy = database.files.clone()
                try copy.overwriteForTest(path, garbage, at: contents.count)
                _ = try database.verdict(on: copy, asWriter: garbage.count > 1) {
                    "\(path) with \(garbage.count) bytes more"
                }
            }
        }
    }

    @Test("a file under another one's name is detected")
    func swappedFiles() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        let segments = database.segments
        for (index, path) in segments.enumerated() {
            for other in segments[(index + 1)...] {
                let copy = database.files.clone()
                try copy.replace(path, with: database.files.contents(other) ?? [])
                try copy.replace(other, with: database.files.contents(path) ?? [])
                for asWriter in [true, false] {
                    let verdict = try database.verdict(on: copy.clone(), asWriter: asWriter) {
                        "\(path) and \(other)"
                    }
                    #expect(verdict == .detected, "\(path) and \(other)")
                }
            }
        }
    }

    @Test("a missing file is detected, and so is a newest root that is gone or replaced by an older one")
    func staleAndMissing() throws {
        let database = try DamagedDatabase(seed: Self.seed)
        let roots = database.files.fileNames.filter { $0.hasSuffix(".mf") }
        for path in database.segments + [database.newestRoot] {
            for asWriter in [true, false] {
                let copy = database.files.clone()
                try copy.unlink(path)
                #expect(try database.verdict(on: copy, asWriter: asWriter) { path } == .detected, "\(path)")
            }
        }
        for old in roots.dropLast() {
            let copy = database.files.clone()
            try copy.replace(database.newestRoot, with: database.files.contents(old) ?? [])
            #expect(try database.verdict(on: copy, asWriter: true) { old } == .detected, "\(old)")
            #expect(try database.verdict(on: copy, asWriter: false) { old } == .detected, "\(old)")
        }
        let empty = database.files.clone()
        for root in roots { try empty.unlink(root) }
        let before = empty.fileNames
        #expect(try database.verdict(on: empty, asWriter: true) { "no roots" } == .detected)
        #expect(empty.fileNames == before, "nothing may be removed")
    }
}

extension SimulatedFileSystem {
    /// Gives a file another content, durably.
    func replace(_ path: String, with bytes: [UInt8]) throws {
        try truncateForTest(path, byteCount: 0)
        try overwriteForTest(path, bytes, at: 0)
    }
}
