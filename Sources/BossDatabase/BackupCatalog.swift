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

/// The catalog of a backup that is brought up to date.
///
/// The engine's root and the catalog's file cannot be replaced in one step. So the new catalog waits under a name with
/// the number of the root that was the newest one before: `catalog.sqlite.next-31`. While that is still the newest root,
/// the old catalog belongs to it; once there is a newer root, the one that waits does. Whoever finds one after the
/// backup was cut off can therefore tell which of the two counts. The catalog of a first backup, before which there was
/// no root, waits as `catalog.sqlite.next`.
struct BackupCatalog {
    private static let name = DatabaseFolder.catalogName
    private static let waitingName = DatabaseFolder.nextCatalogName

    private static let attempts = 20

    /// The folder of the backup.
    let folder: String

    /// Number of the newest root, 0 without any.
    var newestRoot: UInt64 {
        names(folder + "/MANIFEST").compactMap { $0.hasSuffix(".mf") ? UInt64($0.dropLast(3)) : nil }.max()
            ?? 0
    }

    /// Numbers in names of catalogs that wait, ascending; nearly always none.
    var waiting: [UInt64] {
        names(folder).compactMap { (name: String) -> UInt64? in
            guard name.hasPrefix(Self.waitingName) else { return nil }
            let rest = name.dropFirst(Self.waitingName.count)
            return rest.isEmpty ? 0 : rest.hasPrefix("-") ? UInt64(rest.dropFirst()) : nil
        }.sorted()
    }

    /// The file in which a catalog waits.
    func path(after root: UInt64) -> String {
        "\(folder)/\(Self.waitingName)" + (root == 0 ? "" : "-\(root)")
    }

    /// The file that belongs to a root.
    func path(of root: UInt64) -> String {
        waiting.last { $0 < root }.map(path(after:)) ?? "\(folder)/\(Self.name)"
    }

    /// Opens what goes by the newest root and its catalog, while a backup may put others in their place.
    ///
    /// - Parameters:
    ///   - open: opens both; again when the catalog is another file afterwards.
    ///   - close: gives up what was opened and does not belong together.
    /// - Throws: what `open` throws; 55006 when there is no end of backups.
    func opening<R>(
        _ open: (_ newestRoot: UInt64) throws(DatabaseError) -> R, close: (R) -> Void
    ) throws(DatabaseError) -> R {
        for _ in 0..<Self.attempts {
            let root = newestRoot
            let found = CatalogFile(path(of: root))
            do throws(DatabaseError) {
                let opened = try open(root)
                if found == CatalogFile(path(of: newestRoot)) { return opened }
                close(opened)
            } catch {
                if found == CatalogFile(path(of: newestRoot)) { throw error }
            }
        }
        throw DatabaseError(
            "55006", "another process is making a copy in \(folder)", hint: "wait until it has ended")
    }

    /// Puts the catalog in place that belongs to a root, and removes what belongs to none. Under the folder's lock.
    func settle(_ root: UInt64) throws(DatabaseError) {
        let waiting = waiting
        guard !waiting.isEmpty else { return }
        for number in waiting {
            if number < root { try adopt(after: number) } else { unlink(path(after: number)) }
        }
    }

    /// Puts a catalog in place, unless somebody else has.
    func adopt(after root: UInt64) throws(DatabaseError) {
        let catalog = "\(folder)/\(Self.name)"
        if rename(path(after: root), catalog) != 0 {
            let code = errno
            guard code == ENOENT, access(catalog, F_OK) == 0 else {
                throw DatabaseError(errno: code, "\(catalog) cannot be replaced")
            }
        }
        try DatabaseFolder.flush(folder)
    }

    private func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}

/// A name and the file that it names; all zero where there is none. The same file gets another name when it takes its
/// place, so somebody who opens it meanwhile finds none.
private struct CatalogFile: Equatable {
    private let path: String
    private let device: UInt64
    private let number: UInt64

    init(_ path: String) {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            (device, number) = (0, 0)
            return
        }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }
}
