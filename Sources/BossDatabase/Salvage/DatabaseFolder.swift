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
            || (exists(path + "/" + nextCatalogName) && BackupCatalog(folder: path).newestRoot == 0)
    }

    /// Refuses a database that has lost its roots: a new one in its folder would take its files for left over.
    ///
    /// - Throws: XX001.
    static func refuseLostRoot(_ path: String) throws(DatabaseError) {
        let catalog = exists(path + "/" + catalogName) ? catalogName : nil
        guard names(path) != nil, BackupCatalog(folder: path).newestRoot == 0 else { return }
        let lost = try mappingErrors { () throws(StorageError) in
            try StorageEngine.lostRoot(
                PosixFileSystem(directory: path, createIfMissing: false), needs: catalog)
        }
        if let lost { throw DatabaseError(lost) }
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

    /// Makes the names in a folder durable.
    static func flush(_ folder: String) throws(DatabaseError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder in which we may make something but not look at is not ours to flush.
        if descriptor < 0, errno == EACCES { return }
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 || errno == EINVAL else {
            throw DatabaseError("58030", "\(folder) cannot be flushed: errno \(errno)")
        }
    }

    /// Keeps writers away from a database without writing to it.
    ///
    /// - Throws: 55006 while one is at work.
    static func keepWritersAway(from path: String) throws(DatabaseError) -> HeldLock? {
        do { return try lock(path + "/LOCK", LOCK_SH, O_NOFOLLOW) } catch {
            throw DatabaseError(
                "55006", "\(path) is open for writing in another process", hint: "close it there first")
        }
    }

    /// Takes a lock of a file or a folder as it is.
    ///
    /// - Parameter flags: of the open, beside those by which it never waits.
    /// - Returns: nil where there is nothing to lock, or no locks.
    /// - Throws: 55006 while another process has it.
    static func lock(_ path: String, _ kind: Int32, _ flags: Int32) throws(DatabaseError) -> HeldLock? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
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
