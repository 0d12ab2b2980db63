import BossCodec
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a check cannot look at is neither damage nor sound: files of a newer program, and files that may not be read.
@Suite("What a check cannot look at")
struct ObstacleTests {
    private static let seed: UInt64 = 0x0B57

    /// Writes a number into the header of a segment file, whose checksum then fits again.
    private func forge<Number: FixedWidthInteger>(
        _ files: SimulatedFileSystem, _ path: String, _ number: Number, at offset: Int
    ) throws {
        var header = Array(try #require(files.contents(path)).prefix(84))
        withUnsafeBytes(of: number.littleEndian) {
            header.replaceSubrange(offset..<offset + $0.count, with: $0)
        }
        let checksum = header.prefix(80).withUnsafeBytes { CRC32C.checksum($0) }
        withUnsafeBytes(of: checksum.littleEndian) { header.replaceSubrange(80..<84, with: $0) }
        try files.overwriteForTest(path, header, at: 0)
    }

    private func references(of database: RichDatabase) throws -> [SegmentReference] {
        try #require(database.engine).published.withLock { $0 }.table.all().map(\.reference)
    }

    @Test("a segment file of a newer program is told as that, whatever its role")
    func newerSegments() throws {
        let database = try RichDatabase(seed: Self.seed)
        let segments = try references(of: database)
        try database.close()
        #expect(Set(segments.map(\.role)) == [.log, .bulk, .compacted])
        for reference in segments {
            for isVersion in [true, false] {
                let copy = database.files.clone()
                if isVersion {
                    try forge(copy, reference.path, UInt16(2), at: 4)
                } else {
                    try forge(copy, reference.path, UInt64(1) << 5 | 1 << 40, at: 8)
                }
                let words = isVersion ? "format 2" : "features 5, 40"
                for depth in [CheckDepth.quick, .full] {
                    let findings = try StorageCheck.run(fileSystem: copy, depth: depth)
                    #expect(findings.map(\.severity) == [.unchecked], "\(reference.path) \(findings)")
                    let finding = try #require(findings.first)
                    #expect(finding.message.contains("newer") && finding.message.contains(words))
                    #expect(finding.remedy == "open it with a newer bossql", "\(reference.path)")
                    #expect(finding.file == reference.path, "\(reference.path)")
                }
            }
        }
    }

    @Test("files that may not be read are told with the system's words, and a disk that fails is damage")
    func permissions() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        for (code, isDamage) in [(EACCES, false), (EPERM, false), (EMFILE, false), (EIO, true)] {
            for kind in [OperationKind.open, .read, .list] {
                let copy = database.files.clone()
                copy.setFaults(.failAtOperation(1, errno: code, kinds: [kind], persistent: true))
                let findings = try StorageCheck.run(fileSystem: copy, depth: .full)
                let severities = Set(findings.map(\.severity))
                #expect(severities.contains(isDamage ? .error : .unchecked), "\(code) \(kind) \(findings)")
                if !isDamage { #expect(!severities.contains(.error), "\(code) \(kind) \(findings)") }
                let words = String(cString: strerror(code)).dropFirst()
                #expect(findings.contains { $0.message.contains(words) }, "\(code) \(kind) \(findings)")
                #expect(!findings.contains { $0.message.contains("errno") }, "\(code) \(kind) \(findings)")
            }
        }
    }

    @Test("what scrubbing finds is what a check finds, with the commit")
    func scrubbedCommits() throws {
        let database = try RichDatabase(seed: Self.seed)
        let segments = try references(of: database)
        let dropped = try #require(database.engine).writer.withLock { $0.root.droppedChannels }
        try database.close()
        var seen: Set<SegmentRole> = []
        for reference in segments {
            let copy = database.files.clone()
            let pages = copy.segmentLayout(reference.path)?.pages ?? []
            let wanted = pages.first {
                $0.header.kind == .full && !dropped.contains($0.header.key.group.channel)
            }
            guard let page = wanted, let brick = page.entries.first(where: { $0.codec != .constant }) else {
                continue
            }
            let engine = try StorageEngine.open(
                fileSystem: copy, mode: .readWrite(create: false), options: database.options)
            try copy.corrupt(reference.path, offset: page.offset + Int(brick.offset), bit: 3)
            while try engine.scrub(byteCount: 1 << 20) != nil {}
            let found = try engine.check(.full)
            #expect(engine.metDamage == found && found.count == 1, "\(reference.path)")
            #expect(found.first?.object.contains("commit 0") == false, "\(found)")
            seen.insert(reference.role)
            try engine.close()
        }
        #expect(seen.contains(.bulk), "seed \(Self.seed)")
    }

    @Test("the sentences name what is unknown")
    func sentences() {
        #expect("\(UnknownFormat.version(found: 2, supported: 1))" == "has format 2, this program reads 1")
        #expect("\(UnknownFormat.features(1 << 63))" == "uses feature 63, which this program does not know")
        #expect(
            "\(UnknownFormat.features(0b11))" == "uses features 0, 1, which this program does not know")
        #expect("\(UnknownFormat.section(77))" == "has section 77, which this program does not know")
    }
}
