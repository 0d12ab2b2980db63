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
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 || errno == EINVAL else {
            throw DatabaseError("58030", "\(folder) cannot be flushed: errno \(errno)")
        }
    }

    private func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
