import BossVoxels

@testable import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads what an engine over damaged files shows, within a budget.
struct EngineReading {
    /// Decoded bytes after which reading stops.
    private(set) var budget = 1 << 20
    private static let codeLimit = 64
    private static let brickLimit = 64

    /// Options that keep the memory of one run small.
    static var options: StorageOptions {
        var options = StorageOptions()
        options.poolByteCount = 1 << 20
        options.directoryCacheByteCount = 1 << 18
        options.logByteCount = 1 << 20
        options.bulkSegmentByteCount = 6 << 10
        options.bootIdentifier = 1
        return options
    }

    /// Reads every brick of a group that the view names.
    mutating func readAll(_ engine: StorageEngine, _ view: View, _ group: PageGroup) throws {
        _ = try view.storedSize(of: group)
        _ = try view.commits(of: group)
        let written = try view.writtenCodes(group, in: 0...UInt64.max)
        try FuzzFailure.require(
            zip(written, written.dropFirst()).allSatisfy { $0 < $1 }, "written codes do not ascend")
        let codes = Array(written.prefix(Self.codeLimit))
        let located = try view.locate(group, codes: codes)
        try FuzzFailure.require(located.map(\.morton) == codes, "located other cuboids than asked for")
        for page in located {
            let resolved = try engine.resolve(page, group)
            for brick in 0..<Self.brickLimit {
                guard case .stored(let stored) = resolved.source(ofBrick: brick) else { continue }
                guard stored.brickByteCount <= budget else { return }
                try check(stored, engine)
            }
        }
    }

    /// Decodes a brick twice, over different old content: the second way must give the same bytes.
    mutating func check(_ brick: StoredBrick, _ engine: StorageEngine) throws {
        budget -= brick.brickByteCount
        var cost = BrickReadCost()
        let first = try engine.decoded(brick, hint: .scan, cost: &cost)
        var second = [UInt8](repeating: 0xA5, count: brick.brickByteCount)
        try second.withUnsafeMutableBytes { try engine.decode(brick, into: $0, cost: &cost) }
        let isSame = first.withUnsafeBytes { first in
            guard first.count >= second.count, let start = first.baseAddress else { return false }
            return memcmp(start, second, second.count) == 0
        }
        try FuzzFailure.require(isSame, "a brick decodes to different voxels")
    }
}

/// Makes a file with content.
extension SimulatedFileSystem {
    func put(_ path: String, _ bytes: [UInt8]) throws {
        if let slash = path.lastIndex(of: "/") { try createDirectory(String(path[..<slash])) }
        if contents(path) == nil { _ = try open(path, mode: .createNew) }
        try truncateForTest(path, byteCount: 0)
        try overwriteForTest(path, bytes, at: 0)
    }
}
