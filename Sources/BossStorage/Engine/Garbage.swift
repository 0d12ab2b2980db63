import Synchronization

/// Files that no root names: what a dead writer left unfinished.
extension StorageEngine {
    /// Roots with more lists of segments than these are not swept at open, which would read all of them, but by
    /// maintenance.
    static let sweptShardLimit = 4

    /// Removes what no root names.
    ///
    /// Files of older roots that readers of other processes go by wait in `reclaimer` for these to end.
    ///
    /// - Returns: false when the database is too large to be swept at open.
    static func removeGarbage(
        _ fileSystem: any FileSystem, root: ManifestRoot, _ reclaimer: FileReclaimer? = nil,
        shardLimit: Int = sweptShardLimit
    ) throws(StorageError) -> Bool {
        for name in try fileSystem.list(ManifestRoot.directory) where name.hasPrefix("tmp.") {
            try fileSystem.unlink("\(ManifestRoot.directory)/\(name)")
        }
        guard root.shards.count <= shardLimit else { return false }
        guard let named = try NamedIdentifiers(fileSystem, root: root) else { return true }
        // A listing names files only, so the folders of segments are asked for one by one.
        for directory in GarbageSweep.folders + [ShardReference.directory] {
            let files = try leftOver(directory, fileSystem, named)
            for path in files.garbage { try fileSystem.unlink(path) }
            reclaimer?.retire(files.waiting, root: root.number)
        }
        return true
    }

    /// Files of a folder that nobody needs, and files that only readers of older roots need.
    private static func leftOver(
        _ directory: String, _ fileSystem: any FileSystem, _ named: NamedIdentifiers
    ) throws(StorageError) -> (garbage: [String], waiting: [String]) {
        var found: (garbage: [String], waiting: [String]) = ([], [])
        for name in try fileSystem.list(directory).sorted() where NamedIdentifiers.isOwn(name) {
            switch named.need(of: name) {
            case .inUse: continue
            case .olderRoot: found.waiting.append("\(directory)/\(name)")
            case .none: found.garbage.append("\(directory)/\(name)")
            }
        }
        return found
    }

    /// Ends the search for files that no root names.
    package func finishSweep() throws(StorageError) {
        while try sweepNext() != nil {}
    }

    /// Goes on with the search for files that no root names: one folder, or the lists of what is named.
    func sweepNext() throws(StorageError) -> MaintenanceStep? {
        guard let sweep = writer.withLock({ $0.sweep }) else { return nil }
        do throws(StorageError) {
            guard let named = sweep.named else { return .swept(fileCount: try beginSweep()) }
            guard let directory = sweep.nextFolder else {
                writer.withLock { $0.sweep = nil }
                return .swept(fileCount: 0)
            }
            let found = try Self.leftOver(directory, fileSystem, named)
            // Files that this handle makes have their names noted before they are made.
            let own = writer.withLock { $0.sweep?.created } ?? []
            let garbage = found.garbage.filter { !own.contains(NamedIdentifiers.key($0)) }
            for path in garbage { try fileSystem.unlink(path) }
            reclaimer.retire(found.waiting, root: sweep.root)
            writer.withLock { $0.sweep?.folderCount += 1 }
            return .swept(fileCount: garbage.count)
        } catch {
            // Left to the next open: it is not worth a second try.
            writer.withLock { $0.sweep = nil }
            throw error
        }
    }

    /// Notes what is named, and removes lists of segments that nobody needs.
    private func beginSweep() throws(StorageError) -> Int {
        let (root, retired) = writer.withLock { ($0.root, reclaimer.retiredPaths) }
        guard
            var named = try NamedIdentifiers(
                fileSystem, root: root, isGivenUp: { isStopping.load(ordering: .relaxed) })
        else {
            writer.withLock { $0.sweep = nil }
            return 0
        }
        named.insert(paths: retired)
        let listed = named
        return try writer.withLock { (state) throws(StorageError) in
            var shards = listed
            shards.insert(paths: state.root.shards.map(\.path) + reclaimer.retiredPaths)
            let found = try Self.leftOver(ShardReference.directory, fileSystem, shards)
            for path in found.garbage { try fileSystem.unlink(path) }
            reclaimer.retire(found.waiting, root: root.number)
            state.sweep?.named = listed
            state.sweep?.root = root.number
            return found.garbage.count
        }
    }
}

/// How far the search for files that no root names is.
struct GarbageSweep: Sendable {
    /// Folders of logs and segments.
    static let folders = ["wal"] + SegmentReference.bulkDirectories

    /// What roots name; nil until it was collected.
    var named: NamedIdentifiers?
    /// The newest root when that was collected.
    var root: UInt64 = 0
    var folderCount = 0
    /// Files that this handle made since it was opened.
    var created: Set<UInt64> = []

    var nextFolder: String? { folderCount < Self.folders.count ? Self.folders[folderCount] : nil }
}

/// The names of all logs, segments and lists of segments that some root needs, eight bytes each: half of a random name
/// is enough to tell files apart, and one that is taken for another is only kept.
struct NamedIdentifiers: Sendable {
    /// Who needs a file.
    enum Need {
        /// The newest root, or somebody who is known.
        case inUse
        /// Only readers of other processes, by an older root.
        case olderRoot
        case none
    }

    /// Of the newest root, ascending.
    private var newest: [UInt64] = []
    private var older: Set<UInt64> = []
    private var others: Set<UInt64> = []

    /// Reads the newest root's lists, and those of roots that readers of other processes go by.
    ///
    /// - Returns: nil when it cannot be told what somebody needs, or when the work was given up.
    init?(
        _ fileSystem: any FileSystem, root: ManifestRoot, isGivenUp: () -> Bool = { false }
    ) throws(StorageError) {
        let manifest = Manifest(fileSystem: fileSystem)
        let oldest = ReaderLease.oldestRoot(fileSystem)
        let origin = SegmentOrigin(fileSystem: fileSystem, database: root.database)
        var seen: Set<FileIdentifier> = []
        func identifiers(_ root: ManifestRoot, isOlder: Bool) throws(StorageError) -> [UInt64]? {
            var found = root.logs.map(\.low) + root.segments.map(\.identifier.low)
            for reference in root.shards where seen.insert(reference.identifier).inserted {
                if isGivenUp() { return nil }
                found.append(reference.identifier.low)
                let shard = Shard(reference: reference, origin: origin)
                do throws(StorageError) { found += try shard.references().map(\.identifier.low) } catch {
                    // A reader's lease may name an older root than it goes by, of which nobody kept the files.
                    guard case .notFound = error, isOlder else { throw error }
                }
            }
            return found
        }
        guard let own = try identifiers(root, isOlder: false) else { return nil }
        newest = own
        newest.sort()
        for number in try manifest.numbers() where number >= oldest && number != root.number {
            // A root that a reader needs and that cannot be read: rather keep too much.
            guard let each = try? manifest.load(number), let named = try? identifiers(each, isOlder: true)
            else { return nil }
            older.formUnion(named.filter { !isInNewest($0) })
        }
    }

    mutating func insert(paths: [String]) { others.formUnion(paths.map(Self.key)) }

    func need(of name: String) -> Need {
        let key = Self.key(name)
        if isInNewest(key) || others.contains(key) { return .inUse }
        return older.contains(key) ? .olderRoot : .none
    }

    private func isInNewest(_ key: UInt64) -> Bool {
        var low = 0
        var high = newest.count
        while low < high {
            let middle = (low + high) / 2
            if newest[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < newest.count && newest[low] == key
    }

    /// Whether a file has a name that the engine gives to files.
    static func isOwn(_ name: String) -> Bool { name.hasSuffix(".seg") || name.hasSuffix(".ms") }

    /// The lower half of the identifier in a path or file name; 0 where there is none.
    static func key(_ path: String) -> UInt64 {
        let name = path.split(separator: "/").last ?? ""
        return UInt64(name.split(separator: ".").first?.suffix(16) ?? "", radix: 16) ?? 0
    }
}
