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

/// What a copy of a database has left in a folder, told from everything else by names and contents.
///
/// A copy that is made shows itself first: by a catalog that waits, `catalog.sqlite.next` or `catalog.sqlite.salvaged`.
/// Here that name goes last, so what is cut off in the middle of the removal is still known for what it is.
struct CopyRemains {
    /// The first thing that no copy makes, relative to the folder.
    private(set) var foreign: String?
    private let folder: String
    /// Relative paths, in the order in which they can go.
    private(set) var files: [String] = []
    private var folders: [String] = []

    /// Looks at the whole folder. Links are never followed.
    init(_ folder: String) {
        self.folder = folder
        look(at: "")
        // Without its roots nothing opens what is left.
        files.sort { (Self.rank($0), $0) < (Self.rank($1), $1) }
    }

    private static func rank(_ path: String) -> Int {
        if EngineNames.isRoot(path) { return 0 }
        return DatabaseFolder.nextNames.contains(path) ? 2 : 1
    }

    private mutating func look(at path: String) {
        for name in (DatabaseFolder.names(path.isEmpty ? folder : "\(folder)/\(path)") ?? []).sorted() {
            let path = path.isEmpty ? name : "\(path)/\(name)"
            // File systems of their own bring it.
            if path == "lost+found" { continue }
            var status = stat()
            let kind = lstat("\(folder)/\(path)", &status) == 0 ? status.st_mode & S_IFMT : 0
            if kind == S_IFDIR, EngineNames.isFolder(path) {
                look(at: path)
                folders.append(path)
            } else if kind == S_IFREG, isOwnFile(path) {
                files.append(path)
            } else if foreign == nil {
                foreign = path
            }
        }
    }

    private func isOwnFile(_ path: String) -> Bool {
        switch path {
        case DatabaseFolder.nextCatalogName: return isCatalog(path)
        case "LOCK": return Self.isOwnLock("\(folder)/\(path)", orEmpty: true)
        case DatabaseFolder.catalogName, DatabaseFolder.catalogName + "-journal": return true
        default: return EngineNames.isFile(path) || DatabaseFolder.nextNames.contains(path)
        }
    }

    /// Whether a file is empty or a catalog, or the beginning of one of which SQLite has not written the first page.
    private func isCatalog(_ path: String) -> Bool {
        guard let head = Self.head("\(folder)/\(path)", byteCount: 16) else { return false }
        return head.allSatisfy { $0 == 0 } || head == Array("SQLite format 3".utf8) + [0]
    }

    /// Whether a file is a LOCK that a program of this kind has written, or, where that is enough, an empty one, which it
    /// leaves when it is killed at once.
    static func isOwnLock(_ path: String, orEmpty isEmptyAccepted: Bool) -> Bool {
        guard let bytes = head(path, byteCount: EngineNames.lockByteCount + 1) else { return false }
        if bytes.count <= EngineNames.lockByteCount, bytes.allSatisfy({ $0 == 0 }) { return isEmptyAccepted }
        return EngineNames.holder(inLock: bytes).map(Database.isHolderName) ?? false
    }

    /// The first bytes of a regular file; nil where there is none.
    private static func head(_ path: String, byteCount: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = pread(descriptor, &bytes, byteCount, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// Removes what the copy has made; folders stay where something else is in them.
    ///
    /// - Throws: 58030 naming what cannot be removed.
    func remove(keeping kept: String?) throws(DatabaseError) {
        let last = files.filter { Self.rank($0) == 2 }
        for file in files where file != kept && !last.contains(file) { try remove(file, unlink) }
        for path in folders {
            // What somebody else has put into it stays.
            do { try remove(path, rmdir) } catch { guard foreign != nil else { throw error } }
        }
        for file in last where file != kept { try remove(file, unlink) }
    }

    private func remove(_ path: String, _ call: (UnsafePointer<CChar>) -> Int32) throws(DatabaseError) {
        guard call("\(folder)/\(path)") != 0 else { return }
        let code = errno
        guard code != ENOENT else { return }
        throw DatabaseError(errno: code, "\(folder)/\(path) cannot be removed")
    }
}
