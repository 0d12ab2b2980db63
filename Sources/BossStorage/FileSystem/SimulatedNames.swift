/// A name of a file: its directory and the last component.
struct EntryPath: Hashable, Sendable {
    let directory: String
    let name: String

    init(_ path: String) {
        (directory, name) = StoragePath.split(path)
    }
}

/// One change of names: a creation has no `from`, a removal no `to`, a rename has both.
struct EntryChange: Sendable {
    /// Position in the order of all changes.
    let ordinal: Int
    let inode: Int
    let from: EntryPath?
    let to: EntryPath?
    /// Set when a sync of its directory failed: a later sync does not help, a crash may still keep it.
    var isStranded = false

    /// The directory whose sync makes the change durable; of a rename that of the new name.
    var committingDirectory: String { to?.directory ?? from?.directory ?? "" }
}

/// The names of a simulated file system, as seen and as durable.
///
/// A file has one name at a time. A change becomes durable as a whole, so that a renamed file is found
/// under its old or its new name and never under both or none:
///
/// - a durable change supersedes all earlier changes of the same file, wherever those were made, and all
///   earlier ones that gave the same name to other files;
/// - a durable change that gives a name to a file brings with it the change by which the file that durably
///   has the name gives it up.
///
/// Directories are durable once made.
struct SimulatedNames: Sendable {
    /// Directory, then name, to inode. A directory exists when it has a key here.
    private(set) var visible: [String: [String: Int]] = ["": [:]]
    private(set) var durable: [String: [String: Int]] = ["": [:]]
    private(set) var changes: [EntryChange] = []
    private var nextOrdinal = 0
    /// The durable name of each file that has one.
    private var durableNames: [Int: EntryPath] = [:]
    /// Inodes whose removal has become durable, until the next sync.
    private var forgotten: [Int] = []

    func isDirectory(_ path: String) -> Bool { visible[path] != nil }

    func inode(_ path: EntryPath) -> Int? { visible[path.directory]?[path.name] }

    func durableInode(_ path: EntryPath) -> Int? { durable[path.directory]?[path.name] }

    mutating func makeDirectory(_ path: String) {
        if visible[path] == nil { visible[path] = [:] }
        if durable[path] == nil { durable[path] = [:] }
    }

    /// Changes what the running system sees.
    mutating func change(inode: Int, from: EntryPath?, to: EntryPath?) {
        if let from { visible[from.directory]?[from.name] = nil }
        if let to { visible[to.directory]?[to.name] = inode }
        changes.append(EntryChange(ordinal: nextOrdinal, inode: inode, from: from, to: to))
        nextOrdinal += 1
    }

    /// Makes the entries of a directory durable.
    ///
    /// - Returns: the inodes that have lost their last durable name.
    mutating func sync(directory: String) -> [Int] {
        let ordinals = changes.filter { !$0.isStranded && $0.committingDirectory == directory }.map(\.ordinal)
        forgotten = []
        for ordinal in ordinals {
            guard let index = changes.firstIndex(where: { $0.ordinal == ordinal }) else { continue }
            commit(at: index)
        }
        return forgotten
    }

    /// A sync that failed.
    mutating func failSync(directory: String) {
        for index in changes.indices where changes[index].committingDirectory == directory {
            changes[index].isStranded = true
        }
    }

    /// Makes every change durable for which `keep` says so, in order, and forgets the others.
    mutating func settle(keeping keep: () -> Bool) {
        for ordinal in changes.map(\.ordinal) {
            guard let index = changes.firstIndex(where: { $0.ordinal == ordinal }) else { continue }
            if keep() { commit(at: index) }
        }
        changes = []
        visible = durable
    }

    /// Replaces every durable inode number; only when nothing is pending.
    mutating func renumber(_ newNumber: (Int) -> Int?) {
        durable = durable.mapValues { $0.compactMapValues(newNumber) }
        visible = durable
        var renumbered: [Int: EntryPath] = [:]
        for (inode, path) in durableNames {
            if let number = newNumber(inode) { renumbered[number] = path }
        }
        durableNames = renumbered
    }

    /// All durable inodes, ascending.
    var durableInodes: [Int] { durable.values.flatMap(\.values).sorted() }

    private mutating func commit(at index: Int) {
        let change = changes[index]
        changes.removeAll { other in
            if other.inode == change.inode { return other.ordinal <= change.ordinal }
            return change.to != nil && other.to == change.to && other.ordinal < change.ordinal
        }
        if let old = durableNames.removeValue(forKey: change.inode) {
            durable[old.directory]?[old.name] = nil
        }
        guard let to = change.to else {
            forgotten.append(change.inode)
            return
        }
        while let other = durableInode(to) {
            guard let departure = changes.firstIndex(where: { $0.inode == other }) else {
                // On the way a newer change has given the name to this other file for good.
                if let next = changes.firstIndex(where: { $0.inode == change.inode }) { commit(at: next) }
                return
            }
            commit(at: departure)
        }
        durable[to.directory]?[to.name] = change.inode
        durableNames[change.inode] = to
    }
}
