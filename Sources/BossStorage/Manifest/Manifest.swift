/// Finds, reads and publishes roots.
struct Manifest: Sendable {
    let fileSystem: any FileSystem
    /// Old roots kept beside the newest, for a person who has to look.
    private static let keptRootCount = 4

    /// The newest root.
    ///
    /// The highest number wins. If it does not verify, opening fails: it was flushed before it got its name,
    /// so the medium is damaged, and an older root would silently lose acknowledged data.
    /// - Parameter status: the last writer's, which tells when newer roots are missing.
    /// - Throws: `.notADatabase` when there is no root, `.corrupt`.
    func newest(_ status: WriterStatus?) throws(StorageError) -> ManifestRoot {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.stepBackFromBadRoot) { return try newestReadable() }
        #endif
        guard let number = try newestNumber(status) else {
            throw try lostRoot() ?? .notADatabase(path: fileSystem.displayPath)
        }
        return try load(number)
    }

    /// The damage of a database that has lost all of its roots; nil where there is a root, or no database.
    ///
    /// Files of voxels are made only after the first root is durable, so they tell that there was one.
    ///
    /// - Parameter other: another file that is there and was made after the first root.
    func lostRoot(needs other: String? = nil) throws(StorageError) -> StorageError? {
        // In this order: a database that is just being made has its root before any of these files.
        let named: String? = if let other { other } else { try anyNamedFile() }
        guard let file = named, try numbers().isEmpty else { return nil }
        return .corrupt(
            file: ManifestRoot.directory, offset: 0, reason: "there is no root, and \(file) needs one")
    }

    /// A log, segment file or list of segments.
    private func anyNamedFile() throws(StorageError) -> String? {
        for directory in GarbageSweep.folders + [ShardReference.directory] {
            if let name = try fileSystem.list(directory).first(where: NamedIdentifiers.isOwn) {
                return "\(directory)/\(name)"
            }
        }
        return nil
    }

    /// The highest number, or nil without any root.
    ///
    /// A status names only roots that were durable by then.
    func newestNumber(_ status: WriterStatus?) throws(StorageError) -> UInt64? {
        let number = try numbers().max()
        if let status, status.rootNumber > number ?? 0 {
            throw .corrupt(
                file: ManifestRoot.path(number: status.rootNumber), offset: 0,
                reason: "the root is missing, the newest is \(number ?? 0)")
        }
        return number
    }

    /// Numbers of all roots, unsorted.
    func numbers() throws(StorageError) -> [UInt64] {
        try fileSystem.list(ManifestRoot.directory).compactMap(ManifestRoot.number(ofFile:))
    }

    /// Reads one root.
    func load(_ number: UInt64) throws(StorageError) -> ManifestRoot {
        let path = ManifestRoot.path(number: number)
        let file = try fileSystem.open(path, mode: .read)
        let length = try file.byteCount()
        guard length <= UInt64(ManifestRoot.maximumByteCount) else {
            throw .corrupt(file: path, offset: length, reason: "a root of \(length) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let parsed = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> ManifestRoot in
                let count = try file.read(into: buffer, at: 0)
                return try ManifestRoot(
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[0..<count]), file: path,
                    number: number)
            }
        }
        return try parsed.get()
    }

    /// Makes a root durable under its number. Every file it names was flushed before.
    ///
    /// - Parameter keptFrom: roots from this number on are left, since readers go by them.
    /// - Throws: `.writeConflict` when the number is taken: another writer is at work. `.diskFull`, and `.tooLarge` for a
    ///   root that could not be read again, before the root has its name; after any other error it is unknown whether it
    ///   is on disk.
    func publish(_ root: ManifestRoot, keptFrom: UInt64 = .max) throws(StorageError) {
        let bytes = root.encoded()
        guard bytes.count <= ManifestRoot.maximumByteCount else {
            throw .tooLarge(
                what: "root of the database", byteCount: bytes.count, limit: ManifestRoot.maximumByteCount)
        }
        let temporary = "\(ManifestRoot.directory)/tmp.\(FileIdentifier(from: fileSystem))"
        do {
            try write(bytes, to: temporary)
            try fileSystem.renameNoReplace(temporary, to: ManifestRoot.path(number: root.number))
        } catch {
            // What cannot be removed now is removed by the next open.
            try? fileSystem.unlink(temporary)
            if case .alreadyExists = error { throw .writeConflict }
            throw error
        }
        // The root has its name now: a full disk is no harmless failure any more.
        try StorageError.flushing { () throws(StorageError) in
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.omitRootFolderFlush) { return }
            #endif
            try fileSystem.syncDirectory(ManifestRoot.directory)
        }
        removeOldRoots(before: min(root.number, keptFrom))
    }

    private func write(_ bytes: [UInt8], to temporary: String) throws(StorageError) {
        let file = try fileSystem.open(temporary, mode: .createNew)
        let written = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: 0) }
        }
        try written.get()
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.omitFlushBeforeRename) { return }
        #endif
        try StorageError.flushing { () throws(StorageError) in try file.sync() }
    }

    /// Old roots are only a convenience: a failure to remove one is left to the next publication.
    private func removeOldRoots(before limit: UInt64) {
        guard let numbers = try? numbers() else { return }
        for number in numbers.sorted(by: >).dropFirst(Self.keptRootCount) where number < limit {
            try? fileSystem.unlink(ManifestRoot.path(number: number))
        }
    }
}
