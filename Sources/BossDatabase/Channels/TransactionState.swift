import BossCatalog
import BossStorage

/// What a transaction has collected so far, and at its savepoints.
struct TransactionState: Sendable {
    var batch: WriteBatch
    var actions: [String] = []
    var changedVoxelCount = 0
    /// What the channels that it writes to are called, by number.
    var paths: [UInt32: String] = [:]
    var isEnded = false
    private var savepoints: [Savepoint] = []

    private struct Savepoint: Sendable {
        let name: String
        let batch: WriteBatch
        let actionCount: Int
        let changedVoxelCount: Int
        let catalog: CatalogSavepoint
        /// Bytes of its pages that were replaced before the next savepoint was made.
        var replacedByteCount = 0
    }

    init(batch: WriteBatch) { self.batch = batch }

    /// - Throws: 25P01.
    func requireOpen() throws(DatabaseError) {
        guard !isEnded else { throw DatabaseError("25P01", "the transaction has ended") }
    }

    // MARK: Pages

    /// Bytes of pages that only savepoints still need.
    var savepointByteCount: Int { savepoints.reduce(0) { $0 + $1.replacedByteCount } }

    /// Bytes of all pages in memory.
    var byteCount: Int { batch.byteCount + savepointByteCount }

    mutating func put(_ page: EncodedPage, dependsOnBase: Bool) {
        if let last = savepoints.indices.last, batch.shares(page.key, with: savepoints[last].batch) {
            savepoints[last].replacedByteCount += batch.byteCount(of: page.key)
        }
        batch.put(page, dependsOnBase: dependsOnBase)
    }

    mutating func delete(_ group: PageGroup, lowest: UInt64, highest: UInt64) {
        batch.delete(group, lowest: lowest, highest: highest)
        countReplaced()
    }

    /// Counts anew what the newest savepoint keeps.
    private mutating func countReplaced() {
        guard let last = savepoints.indices.last else { return }
        savepoints[last].replacedByteCount = savepoints[last].batch.byteCount(notIn: batch)
    }

    // MARK: Savepoints

    mutating func addSavepoint(_ name: String, catalog: CatalogSavepoint) throws(DatabaseError) {
        try requireOpen()
        savepoints.append(
            Savepoint(
                name: name, batch: batch, actionCount: actions.count, changedVoxelCount: changedVoxelCount,
                catalog: catalog))
    }

    /// Goes back to a savepoint, which stays.
    ///
    /// - Returns: its place in the catalog.
    /// - Throws: 3B001 when there is none of this name.
    mutating func rollBack(to name: String) throws(DatabaseError) -> CatalogSavepoint {
        let position = try position(of: name)
        savepoints.removeSubrange((position + 1)...)
        let savepoint = savepoints[position]
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.savepointKeepsVoxels) { return savepoint.catalog }
        #endif
        batch = savepoint.batch
        actions.removeSubrange(savepoint.actionCount...)
        changedVoxelCount = savepoint.changedVoxelCount
        savepoints[position].replacedByteCount = 0
        return savepoint.catalog
    }

    /// Forgets a savepoint and those after it.
    ///
    /// - Returns: its place in the catalog.
    /// - Throws: 3B001 when there is none of this name.
    mutating func release(_ name: String) throws(DatabaseError) -> CatalogSavepoint {
        let position = try position(of: name)
        let catalog = savepoints[position].catalog
        savepoints.removeSubrange(position...)
        countReplaced()
        return catalog
    }

    private func position(of name: String) throws(DatabaseError) -> Int {
        try requireOpen()
        guard let position = savepoints.lastIndex(where: { $0.name == name }) else {
            throw DatabaseError("3B001", "there is no savepoint \(name)", hint: "SAVEPOINT \(name) makes one")
        }
        return position
    }
}
