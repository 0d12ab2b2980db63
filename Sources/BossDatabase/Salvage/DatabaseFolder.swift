import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Folders of databases by their paths, looked at before anything is opened or made.
enum DatabaseFolder {
    static let catalogName = "catalog.sqlite"
    /// The catalog of a copy that is being made. Where it stands beside no catalog, a copy was cut off.
    static let nextCatalogName = "catalog.sqlite.next"
    /// The same while a database is salvaged: what stands beside it was only derived.
    static let salvagedCatalogName = "catalog.sqlite.salvaged"
    /// What the folder of a database may hold.
    static let ownNames: Set<String> = [
        "LOCK", "MANIFEST", "RESERVE", "wal", "seg", "readers", catalogName, catalogName + "-journal",
    ]
    /// Files of an unfinished catalog.
    static let nextNames: Set<String> = [
        nextCatalogName, nextCatalogName + "-journal", salvagedCatalogName, salvagedCatalogName + "-journal",
    ]

    /// Whether a file is one of the database or of a copy that is being made.
    private static func isOwn(_ name: String) -> Bool {
        ownNames.contains(name) || nextNames.contains(name) || name.hasPrefix(nextCatalogName + "-")
    }

    /// The catalog that belongs to the newest root in a folder, which a backup that was cut off may have left under
    /// another name.
    static func catalogPath(_ path: String) -> String {
        let catalogs = BackupCatalog(folder: path)
        return catalogs.path(of: catalogs.newestRoot)
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func names(_ path: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: path)
    }

    /// Whether a copy was begun in the folder and never finished. A backup whose root is named is whole.
    static func isCutOff(_ path: String) -> Bool {
        guard !exists(path + "/" + catalogName) else { return false }
        return exists(path + "/" + salvagedCatalogName)
            || (exists(path + "/" + nextCatalogName) && !hasRoot(path))
    }

    /// Whether any root is in the folder.
    private static func hasRoot(_ path: String) -> Bool {
        (names(path + "/MANIFEST") ?? []).contains { $0.hasSuffix(".mf") }
    }

    /// Refuses what holds nothing of a database.
    ///
    /// - Throws: 3D000.
    static func requireDatabase(_ path: String) throws(DatabaseError) {
        try refuseInaccessible(path)
        guard exists(path) else {
            throw DatabaseError("3D000", "there is no folder \(path)", hint: "look for a mistyped name")
        }
        var isFolder = false
        var status = stat()
        if stat(path, &status) == 0 { isFolder = status.st_mode & S_IFMT == S_IFDIR }
        guard isFolder else {
            throw DatabaseError(
                "3D000", "\(path) is a file, not the folder of a database",
                hint: "name the folder that holds MANIFEST and catalog.sqlite")
        }
        guard (names(path) ?? []).contains(where: ["MANIFEST", "seg", "wal", catalogName].contains) else {
            throw DatabaseError(
                "3D000", "\(path) holds no database",
                hint: "name the folder that holds MANIFEST and catalog.sqlite")
        }
    }

    /// Makes a folder for a new database, or takes one that is there and empty, and keeps others from doing the same.
    ///
    /// What a copy that was cut off has left is removed, if it holds nothing that could be opened.
    ///
    /// - Parameter hint: what can be done when there is a database.
    /// - Throws: 42P07 naming what is in the way, 3D000 without a folder to make it in, 55006 while another copy is made
    ///   there.
    static func claimNew(_ path: String, hint: String? = nil) throws(DatabaseError) -> NewFolder {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard exists(parent) else {
            throw DatabaseError(
                "3D000", "\(path) cannot be made: there is no folder \(parent)", hint: "make the folder first"
            )
        }
        let isNew = mkdir(path, 0o777) == 0
        let code = errno
        guard isNew || code == EEXIST else {
            throw DatabaseError("58030", "\(path) cannot be made: \(String(cString: strerror(code)))")
        }
        let folder = NewFolder(path: path, isNew: isNew, lock: try lock(path, LOCK_EX))
        guard let found = names(path) else {
            throw DatabaseError("42P07", "\(path) is a file", hint: "name a folder that does not exist")
        }
        if isCutOff(path), found.allSatisfy(isOwn) {
            guard !hasRoot(path) || exists(path + "/" + salvagedCatalogName) else {
                throw DatabaseError(
                    "42P07", "\(path) holds a copy that was cut off",
                    hint: "remove the folder, and run the command again")
            }
            try removeOwn(path)
            return folder
        }
        // File systems of their own bring the first folder, a copy that was cut off at its start the file.
        guard let first = found.sorted().first(where: { $0 != "lost+found" && $0 != "LOCK" }) else {
            return folder
        }
        let isDatabase = found.contains("MANIFEST")
        throw DatabaseError(
            "42P07",
            isDatabase ? "\(path) holds a database already" : "\(path) is not empty: it holds \(first)",
            hint: isDatabase && hint != nil
                ? hint : "name a folder that does not exist; nothing is ever overwritten")
    }

    /// The folder of a new database while it is made.
    struct NewFolder {
        let path: String
        let isNew: Bool
        fileprivate let lock: HeldLock?

        fileprivate init(path: String, isNew: Bool, lock: HeldLock?) {
            self.path = path
            self.isNew = isNew
            self.lock = lock
        }

        /// Leaves the folder as it was found; of what cannot be removed the next one takes care.
        func abandon() {
            try? DatabaseFolder.removeOwn(path)
            if isNew { try? FileManager.default.removeItem(atPath: path) }
        }
    }

    /// An error of a copy that names the folder: where the disk was full, or another copy is made.
    static func told(_ path: String, _ error: DatabaseError) -> DatabaseError {
        if error.sqlState == "55006", error.message.hasPrefix("LOCK ") {
            return DatabaseError(
                "55006", "another process is making a copy in \(path)", hint: "wait until it has ended",
                cause: error)
        }
        guard error.sqlState == "53100" else { return error }
        return DatabaseError(
            "53100", "the disk of \(path) is full",
            hint: "what was written has been removed; free space, or name a folder on another disk",
            cause: error)
    }

    /// Removes what a copy has made in a folder.
    static func removeOwn(_ path: String) throws(DatabaseError) {
        for name in (names(path) ?? []).sorted() where isOwn(name) {
            do { try FileManager.default.removeItem(atPath: path + "/" + name) } catch {
                throw DatabaseError("58030", "\(path)/\(name) cannot be removed: \(error)", cause: error)
            }
        }
    }

    /// Refuses a copy of a folder into itself.
    ///
    /// - Throws: 22023.
    static func refuseOverlap(_ source: String, _ target: String) throws(DatabaseError) {
        guard !target.isEmpty else {
            throw DatabaseError(
                "22023", "the folder of the copy has no name",
                hint: "name one that does not exist or is empty")
        }
        try refuseLongPath(target)
        let (from, to) = (resolved(source), resolved(target))
        if from == to {
            throw DatabaseError("22023", "\(target) is the database itself", hint: "name another folder")
        }
        if to.hasPrefix(from == "/" ? from : from + "/") {
            throw DatabaseError(
                "22023", "\(target) lies inside of the database \(source)",
                hint: "name a folder outside of it")
        }
        if from.hasPrefix(to == "/" ? to : to + "/") {
            throw DatabaseError(
                "22023", "the database \(source) lies inside of \(target)", hint: "name a folder beside it")
        }
    }

    /// The path without links, as far as it exists.
    static func resolved(_ path: String) -> String {
        var existing = URL(fileURLWithPath: path).standardizedFileURL
        var rest: [String] = []
        while !exists(existing.path), existing.path != "/" {
            rest.insert(existing.lastPathComponent, at: 0)
            existing.deleteLastPathComponent()
        }
        var base = existing.path
        if let real = realpath(base, nil) {
            base = String(cString: real)
            free(real)
        }
        return rest.isEmpty ? base : (base == "/" ? "" : base) + "/" + rest.joined(separator: "/")
    }

    /// Keeps writers away from a database without writing to it.
    ///
    /// - Throws: 55006 while one is at work.
    static func keepWritersAway(from path: String) throws(DatabaseError) -> HeldLock? {
        do { return try lock(path + "/LOCK", LOCK_SH) } catch {
            throw DatabaseError(
                "55006", "\(path) is open for writing in another process", hint: "close it there first")
        }
    }

    /// Takes a lock of a file or a folder as it is.
    ///
    /// - Returns: nil where there is nothing to lock, or no locks.
    /// - Throws: 55006 while another process has it.
    private static func lock(_ path: String, _ kind: Int32) throws(DatabaseError) -> HeldLock? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, kind | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code != EWOULDBLOCK { return nil }
            throw DatabaseError(
                "55006", "another process is making a copy in \(path)", hint: "wait until it has ended")
        }
        return HeldLock(descriptor: descriptor)
    }

    /// A lock that ends with the object.
    final class HeldLock {
        private let descriptor: Int32

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }
}
