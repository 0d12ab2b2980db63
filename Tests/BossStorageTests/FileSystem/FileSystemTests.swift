import BossStorage
import BossTestSupport
import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the engine relies on, the same for the real and the simulated file system.
@Suite("File system behaviour")
struct FileSystemTests {
    @Test("what is written is read, in any pieces", arguments: FileSystemBackend.allCases)
    func readBack(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.open("a", mode: .createNew)
            #expect(file.path == "a")
            #expect(try file.byteCount() == 0)
            #expect(try file.bytes(10).isEmpty)
            var model: [UInt8] = []
            var random = SeededGenerator(seed: 0xF11E)
            for _ in 0..<200 {
                let offset = Int.random(in: 0..<20_000, using: &random)
                let bytes = (0..<Int.random(in: 0..<6000, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let cut = Int.random(in: 0...bytes.count, using: &random)
                try bytes.withUnsafeBytes { all in
                    try file.write(
                        [
                            UnsafeRawBufferPointer(rebasing: all[..<cut]),
                            UnsafeRawBufferPointer(start: nil, count: 0),
                            UnsafeRawBufferPointer(rebasing: all[cut...]),
                        ], at: UInt64(offset))
                }
                if !bytes.isEmpty {
                    if model.count < offset + bytes.count {
                        model += [UInt8](repeating: 0, count: offset + bytes.count - model.count)
                    }
                    model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                }
                let start = Int.random(in: 0..<30_000, using: &random)
                let expected = Array(model.dropFirst(start).prefix(3000))
                #expect(try file.bytes(3000, at: UInt64(start)) == expected, "seed \(random.seed)")
            }
            #expect(try file.bytes(model.count + 1) == model)
        }
    }

    @Test("more buffers than one call takes are all written", arguments: FileSystemBackend.allCases)
    func manyBuffers(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.open("a", mode: .createNew)
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
            try bytes.withUnsafeBytes { all in
                try file.write(
                    (0..<2500).map { UnsafeRawBufferPointer(rebasing: all[2 * $0..<2 * $0 + 2]) }, at: 3)
            }
            #expect(try file.bytes(6000) == [0, 0, 0] + bytes)
        }
    }

    @Test("lengths are cut and extended with zeros", arguments: FileSystemBackend.allCases)
    func lengths(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.make("a", "abcdef")
            try file.truncate(byteCount: 3)
            #expect(try file.byteCount() == 3)
            try file.truncate(byteCount: 6)
            #expect(try file.bytes(10) == Array("abc".utf8) + [0, 0, 0])
            try file.allocate(byteCount: 5)
            #expect(try file.byteCount() == 6, "allocating never shortens")
            try file.allocate(byteCount: 0)
            try file.allocate(byteCount: 10_000)
            #expect(try file.bytes(20_000) == Array("abc".utf8) + [UInt8](repeating: 0, count: 9997))
            try file.sync()
        }
    }

    @Test("opening refuses what is not there, and what is", arguments: FileSystemBackend.allCases)
    func openModes(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            for mode in [FileMode.read, .readWrite] {
                #expect(throws: StorageError.notFound(file: "a")) { try files.open("a", mode: mode) }
            }
            #expect(throws: StorageError.notFound(file: "d/a")) { try files.open("d/a", mode: .createNew) }
            try files.make("a", "text")
            #expect(throws: StorageError.alreadyExists(path: "a")) { try files.open("a", mode: .createNew) }
            #expect(try files.text("a") == "text")
            let reader = try files.open("a", mode: .read)
            #expect(errnoOf { try reader.write("no") } == EBADF)
            try files.open("a", mode: .readWrite).write("T")
            #expect(try reader.text() == "Text")
            try files.createDirectory("d")
            #expect(errnoOf { _ = try files.open("d", mode: .read) } == EISDIR)
        }
    }

    @Test("paths that leave the directory are refused", arguments: FileSystemBackend.allCases)
    func badPaths(_ backend: FileSystemBackend) throws {
        let long = String(repeating: "n", count: 256)
        try backend.run { files in
            for path in ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a\0b", long] {
                #expect(
                    errnoOf { _ = try files.open(path, mode: .createNew) } == EINVAL,
                    "\(path.debugDescription)")
                #expect(errnoOf { try files.renameNoReplace("a", to: path) } == EINVAL)
            }
            try files.make("..a", "dots inside a name are fine")
            try files.make(String(repeating: "n", count: 255), "")
            #expect(errnoOf { try files.open("..a", mode: .readWrite).write("x", at: UInt64.max) } == EFBIG)
        }
    }

    @Test("directories are made with their parents", arguments: FileSystemBackend.allCases)
    func directories(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            try files.createDirectory("")
            try files.createDirectory("a/b/c")
            try files.createDirectory("a/b/c")
            for path in ["", "a", "a/b", "a/b/c"] {
                #expect(try files.exists(path))
                try files.syncDirectory(path)
            }
            #expect(throws: StorageError.notFound(file: "x")) { try files.syncDirectory("x") }
            try files.make("file", "")
            #expect(errnoOf { try files.createDirectory("file/d") } == ENOTDIR)
            #expect(try files.exists("file/d") == false)
        }
    }

    @Test("a listing has the files of one directory and no others", arguments: FileSystemBackend.allCases)
    func listing(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            #expect(try files.list("missing").isEmpty)
            #expect(try files.list("").isEmpty)
            try files.createDirectory("d/e")
            try files.make("d/one", "")
            try files.make("d/zwei ä", "")
            try files.make("top", "")
            #expect(try files.list("d").sorted() == ["one", "zwei ä"])
            #expect(try files.list("") == ["top"])
            #expect(try files.list("d/e").isEmpty)
        }
    }

    @Test("a rename moves, and never replaces", arguments: FileSystemBackend.allCases)
    func renames(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            try files.createDirectory("d")
            let file = try files.make("a", "A")
            try files.make("b", "B")
            #expect(throws: StorageError.alreadyExists(path: "b")) { try files.renameNoReplace("a", to: "b") }
            #expect(throws: StorageError.alreadyExists(path: "d")) { try files.renameNoReplace("a", to: "d") }
            #expect(throws: StorageError.alreadyExists(path: "a")) { try files.renameNoReplace("a", to: "a") }
            #expect(throws: StorageError.notFound(file: "x")) { try files.renameNoReplace("x", to: "y") }
            try files.renameNoReplace("a", to: "d/a")
            #expect(try files.exists("a") == false)
            #expect(try files.text("d/a") == "A")
            try file.write("still the same file")
            #expect(try files.text("d/a") == "still the same file")
            #expect(try files.text("b") == "B")
        }
    }

    /// The definition of a create-once name: of all that try, one succeeds and the others are told.
    @Test("of 8 threads that rename to one name exactly one wins", arguments: FileSystemBackend.allCases)
    func renameRace(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            for round in 0..<20 {
                for thread in 0..<8 { try files.make("from-\(round)-\(thread)", "\(thread)") }
                let winners = Mutex<[Int]>([])
                let refusals = Mutex(0)
                DispatchQueue.concurrentPerform(iterations: 8) { thread in
                    do {
                        try files.renameNoReplace("from-\(round)-\(thread)", to: "to-\(round)")
                        winners.withLock { $0.append(thread) }
                    } catch StorageError.alreadyExists {
                        refusals.withLock { $0 += 1 }
                    } catch {
                        Issue.record("unexpected \(error)")
                    }
                }
                let won = winners.withLock { $0 }
                #expect(won.count == 1 && refusals.withLock { $0 } == 7)
                #expect(try files.text("to-\(round)") == "\(won.first ?? -1)")
            }
        }
    }

    @Test("a removed file stays readable while it is open", arguments: FileSystemBackend.allCases)
    func unlink(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.make("a", "text")
            let mapping = try file.map(byteCount: 4)
            try files.unlink("a")
            try files.syncDirectory("")
            #expect(try files.exists("a") == false)
            #expect(throws: StorageError.notFound(file: "a")) { try files.unlink("a") }
            #expect(try file.text() == "text")
            try files.make("a", "another")
            #expect(try file.text() == "text")
            #expect(try mapping.bytes(4) == Array("text".utf8))
            #expect(try files.text("a") == "another")
        }
    }

    @Test("a mapping gives the file's bytes", arguments: FileSystemBackend.allCases)
    func mapping(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
            let file = try files.open("a", mode: .createNew)
            try file.write(bytes, at: 0)
            let mapping = try file.map(byteCount: 19_999)
            #expect(mapping.byteCount == 19_999)
            mapping.willNeed(from: 5000, byteCount: 9000)
            for range in [0..<19_999, 0..<0, 19_999..<19_999, 4095..<4097, 1..<12_345] {
                #expect(try mapping.bytes(range.count, from: range.lowerBound) == Array(bytes[range]))
            }
            var sum: UInt64 = 0
            try mapping.guarded(from: 4000, byteCount: 9000, context: &sum) { bytes, count, context in
                let bytes = UnsafeRawBufferPointer(start: bytes, count: count)
                let sum = context.assumingMemoryBound(to: UInt64.self)
                for byte in bytes { sum.pointee += UInt64(byte) }
            }
            #expect(sum == bytes[4000..<13_000].reduce(0) { $0 + UInt64($1) })
            #expect(try file.map(byteCount: 0).bytes(0).isEmpty)
            #expect(errnoOf { _ = try file.map(byteCount: 20_001) } == EINVAL)
        }
    }

    @Test("a mapping of a file that was cut gives an error", arguments: FileSystemBackend.allCases)
    func cutMapping(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.open("a", mode: .createNew)
            try file.write([UInt8](repeating: 7, count: 3 << 16), at: 0)
            let mapping = try file.map(byteCount: 3 << 16)
            try file.truncate(byteCount: 1 << 16)
            for _ in 0..<3 {
                #expect(errnoOf { _ = try mapping.bytes(100, from: 1 << 17) } == EIO)
                #expect(errnoOf { _ = try mapping.bytes(3 << 16) } == EIO)
                var touched = false
                #expect(
                    errnoOf {
                        try mapping.guarded(from: 1 << 17, byteCount: 1, context: &touched) {
                            bytes, _, context in
                            context.assumingMemoryBound(to: Bool.self).pointee =
                                bytes.load(as: UInt8.self) != 99
                        }
                    } == EIO)
                #expect(!touched)
                #expect(try mapping.bytes(1 << 16) == [UInt8](repeating: 7, count: 1 << 16))
            }
            try file.truncate(byteCount: 3 << 16)
            #expect(try mapping.bytes(100, from: 1 << 17) == [UInt8](repeating: 0, count: 100))
        }
    }

    @Test("a lock excludes a second one until it is released", arguments: FileSystemBackend.allCases)
    func locks(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let refusal = StorageError.locked(path: "LOCK", holder: "pid 12 on host")
            let first = try files.lock("LOCK", holder: "pid 12 on host")
            #expect(throws: refusal) { try files.lock("LOCK", holder: "other") }
            // Opening and closing the file elsewhere must not drop it.
            _ = try files.open("LOCK", mode: .read).byteCount()
            #expect(throws: refusal) { try files.lock("LOCK", holder: "other") }
            first.release()
            first.release()
            let second = try files.lock("LOCK", holder: "b")
            first.release()
            #expect(throws: StorageError.locked(path: "LOCK", holder: "b")) {
                try files.lock("LOCK", holder: "c")
            }
            withExtendedLifetime(second) {}
        }
    }

    @Test(
        "a lock goes with its owner and leaves the rest of the file alone",
        arguments: FileSystemBackend.allCases)
    func lockContent(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let status = (0..<64).map { UInt8($0) }
            do {
                let lock = try files.lock("LOCK", holder: String(repeating: "ä", count: 300))
                try files.open("LOCK", mode: .readWrite).write(status, at: 4096)
                let refusal = StorageError.locked(path: "LOCK", holder: String(repeating: "ä", count: 127))
                #expect(throws: refusal) { try files.lock("LOCK", holder: "other") }
                withExtendedLifetime(lock) {}
            }
            let again = try files.lock("LOCK", holder: "short")
            let file = try files.open("LOCK", mode: .read)
            #expect(try file.bytes(64, at: 4096) == status)
            #expect(try file.byteCount() == 4160)
            #expect(try file.bytes(256) == Array("short\n".utf8) + [UInt8](repeating: 0, count: 250))
            withExtendedLifetime(again) {}
        }
    }

    @Test("threads read and write one file at once", arguments: FileSystemBackend.allCases)
    func threads(_ backend: FileSystemBackend) throws {
        try backend.run { files in
            let file = try files.open("a", mode: .createNew)
            try file.allocate(byteCount: 8 * 10_000)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                do {
                    for round in 0..<20 {
                        let bytes = [UInt8](repeating: UInt8(thread * 20 + round), count: 10_000)
                        try file.write(bytes, at: UInt64(thread * 10_000))
                        #expect(try file.bytes(10_000, at: UInt64(thread * 10_000)) == bytes)
                    }
                    try file.sync()
                } catch {
                    Issue.record("unexpected \(error)")
                }
            }
        }
    }
}
