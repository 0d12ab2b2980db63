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
    /// What the folder of a database may hold.
    static let ownNames: Set<String> = [
        "LOCK", "MANIFEST", "RESERVE", "wal", "seg", "readers", catalogName, catalogName + "-journal",
    ]
    private static let nextNames: Set<String> = [nextCatalogName, nextCatalogName + "-journal"]

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func names(_ path: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: path)
    }

    /// Whether a copy was begun in the folder and never finished.
    static func isCutOff(_ path: String) -> Bool {
        exists(path + "/" + nextCatalogName) && !exists(path + "/" + catalogName)
    }

    /// Whether any root is in the folder.
    private static func hasRoot(_ path: String) -> Bool {
        (names(path + "/MANIFEST") ?? []).contains { $0.hasSuffix(".mf") }
    }

    /// Refuses what holds nothing of a database.
    ///
    /// - Throws: 3D000.
    static func requireDatabase(_ path: String) throws(DatabaseError) {
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
        guard let found = names(path) else {
            throw DatabaseError("58030", "the folder \(path) cannot be read", hint: "look at its permissions")
        }
        guard found.contains(where: ["MANIFEST", "seg", "wal", catalogName].contains) else {
            throw DatabaseError(
                "3D000", "\(path) holds no database",
                hint: "name the folder that holds MANIFEST and catalog.sqlite")
        }
    }

    /// Looks whether a new database can be made at a path: nothing is there, or an empty folder.
    ///
    /// What a copy that was cut off has left is removed, if it holds nothing that could be opened.
    ///
    /// - Throws: 42P07 naming what is in the way, 3D000 without a folder to make it in.
    static func prepareNew(_ path: String, hint: String? = nil) throws(DatabaseError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard exists(parent) else {
            throw DatabaseError(
                "3D000", "\(path) cannot be made: there is no folder \(parent)", hint: "make the folder first"
            )
        }
        guard exists(path) else { return }
        guard let found = names(path) else {
            throw DatabaseError("42P07", "\(path) is a file", hint: "name a folder that does not exist")
        }
        if isCutOff(path), found.allSatisfy({ ownNames.contains($0) || nextNames.contains($0) }) {
            guard !hasRoot(path) else {
                throw DatabaseError(
                    "42P07", "\(path) holds a copy that was cut off",
                    hint: "remove the folder, and run the command again")
            }
            return try removeOwn(path)
        }
        // File systems of their own bring this folder.
        guard let first = found.sorted().first(where: { $0 != "lost+found" }) else { return }
        let isDatabase = found.contains("MANIFEST")
        throw DatabaseError(
            "42P07",
            isDatabase ? "\(path) holds a database already" : "\(path) is not empty: it holds \(first)",
            hint: isDatabase && hint != nil
                ? hint : "name a folder that does not exist; nothing is ever overwritten")
    }

    /// An error of a copy; where the disk was full it says which, and that nothing of the copy is left.
    static func full(_ path: String, _ error: DatabaseError) -> DatabaseError {
        guard error.sqlState == "53100" else { return error }
        return DatabaseError(
            "53100", "the disk of \(path) is full",
            hint: "what was written has been removed; free space, or name a folder on another disk",
            cause: error)
    }

    /// Removes what a copy has made in a folder.
    static func removeOwn(_ path: String) throws(DatabaseError) {
        for name in (names(path) ?? []).sorted() where ownNames.contains(name) || nextNames.contains(name) {
            do { try FileManager.default.removeItem(atPath: path + "/" + name) } catch {
                throw DatabaseError("58030", "\(path)/\(name) cannot be removed: \(error)", cause: error)
            }
        }
    }

    /// Refuses a copy of a folder into itself.
    ///
    /// - Throws: 22023.
    static func refuseOverlap(_ source: String, _ target: String) throws(DatabaseError) {
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
    private static func resolved(_ path: String) -> String {
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
    static func keepWritersAway(from path: String) throws(DatabaseError) -> SharedLock? {
        let descriptor = open(path + "/LOCK", O_RDONLY | O_CLOEXEC)
        // Without a lock file nobody has the database open for writing.
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            // A file system without locks.
            if code != EWOULDBLOCK { return nil }
            throw DatabaseError(
                "55006", "\(path) is open for writing in another process", hint: "close it there first")
        }
        return SharedLock(descriptor: descriptor)
    }

    /// A lock that ends with the object.
    final class SharedLock {
        private let descriptor: Int32

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }
}
