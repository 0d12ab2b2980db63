package import BossCatalog
package import BossFormats
package import BossGeometry
package import BossStorage
package import BossVoxels

/// The one place where errors of the layers below become SQLSTATEs and sentences.
extension DatabaseError {
    /// An error of the engine.
    package init(_ error: StorageError) {
        switch error {
        case .notADatabase(let path):
            self.init("3D000", "there is no database at \(path)", hint: "open it for writing to create one")
        case .alreadyExists(let path):
            self.init("42P07", "\(path) exists already")
        case .locked(let path, let holder):
            self.init(
                "55006", "\(path) is locked by another writer: \(holder)",
                hint: "close it there, or open the database read-only")
        case .readOnly:
            self.init("25006", "the database is open read-only", hint: "open it without --read-only to write")
        case .closed:
            self.init("08006", "the database is closed")
        case .inputOutput(let operation, let file, let code):
            self.init(
                "58030",
                "\(file.isEmpty ? "the folder" : file) \(SystemFailure(code).sentence(of: operation))",
                hint: SystemFailure(code).hint)
        case .diskFull(let file):
            let isReserve = file == SpaceReserve.path
            self.init(
                "53100",
                "the disk is full: "
                    + (isReserve ? "the room that is kept for deletions is used up" : "\(file) cannot grow"),
                hint:
                    "nothing was changed; DROP, and DELETE of whole cuboids, free space on a full disk too; then try again, "
                    + "a transaction from its BEGIN, without reopening the database")
        case .corrupt(let file, let offset, let reason):
            self.init(
                "XX001", "\(file) is damaged at byte \(offset): \(reason)",
                hint: ManifestRoot.isRoot(file)
                    ? "restore the database from a backup, or save what is left of it: bossql salvage"
                    : "other channels and cuboids stay readable; restore the file from a backup, or see bossql salvage"
            )
        case .unsupportedFormat(let file, let unknown):
            self.init("0A000", "\(file) \(unknown)", hint: "open it with a newer bossql")
        case .storageFailed(let reason):
            self.init(
                "58030", "an earlier flush failed, so nothing more is written: \(reason)",
                hint: "check the disk and open the database again; what was acknowledged is safe")
        case .writeConflict:
            self.init(
                "40001", "another writer changed the same cuboids meanwhile",
                hint: "run the transaction again")
        case .channelDropped(let channel):
            self.init(droppedChannel: "channel number \(channel)")
        case .tooLarge(let what, let byteCount, let limit):
            self.init(
                "54000", "\(what) has \(byteCount) bytes, the limit is \(limit)",
                hint: "write less in one statement or transaction")
        case .historyUnavailable(let sequence, let oldest, let newest):
            self.init(
                "22V07",
                sequence > newest
                    ? "there is no commit \(sequence) yet, the newest is \(newest)"
                    : "commit \(sequence) is older than the kept history, which starts at commit \(oldest)",
                hint: sequence > newest
                    ? "SHOW COMMITS lists what there is"
                    : "snapshots stay readable: SHOW SNAPSHOTS lists them, history_retention says how long others do"
            )
        case .noSnapshot(let name):
            self.init("42704", "there is no snapshot \(name)", hint: "SHOW SNAPSHOTS lists them")
        case .snapshotExists(let name):
            self.init("42710", "there is a snapshot \(name) already", hint: "drop it, or choose another name")
        case .notFound(let file):
            self.init(
                "XX001", "\(file) is missing", hint: "restore the file from a backup, or see bossql salvage")
        }
        cause = error
    }

    /// An error of the catalog.
    package init(_ error: CatalogError) {
        switch error {
        case .notFound(.catalogFile, let path):
            self.init(
                "XX001", "\(path) is missing", hint: "restore the file from a backup, or see bossql salvage")
        case .notFound(let kind, let path):
            self.init(kind == .metadataKey ? "42704" : "42P01", "there is no \(kind.rawValue) \(path)")
        case .alreadyExists(let kind, let path):
            self.init(
                "42P07", "\(kind.rawValue) \(path) exists already", hint: "use IF NOT EXISTS to keep it")
        case .invalidName(let kind, let name):
            self.init(
                "42602", "\"\(name)\" is not a name for a \(kind.rawValue)",
                hint: "names have 1 to 255 letters, digits, _ and -")
        case .notEmpty(let kind, let path, let childCount):
            let child = kind == .collection ? "experiment" : "channel"
            self.init(
                "2BP01",
                "\(kind.rawValue) \(path) still holds \(childCount) \(child)\(childCount == 1 ? "" : "s")",
                hint: "use CASCADE to drop them too")
        case .inUse(let kind, let path, let by):
            self.init("23503", "\(kind.rawValue) \(path) is used by \(by)")
        case .invalidValue(let field, let value, let allowed):
            self.init("22023", "\(field) cannot be \(value)", hint: "allowed: \(allowed)")
        case .cannotAlter(let property):
            self.init("55V02", "\(property) cannot be changed", hint: "create a new one and copy the data")
        case .corrupt(let file, let reason):
            self.init(
                "XX001", "\(file) is damaged: \(reason)",
                hint: "restore the file from a backup, or see bossql salvage")
        case .newerSchema(let found, let supported):
            self.init(
                "0A000", "the catalog has schema \(found), this program reads up to \(supported)",
                hint: "open it with a newer bossql")
        case .locked(let file):
            self.init(
                "55006", "\(file) is locked by another process", hint: "try again, or close the other one")
        case .lockedByTransaction(let file):
            self.init(
                "55006", "another transaction is changing the catalog \(file)",
                hint: "try again when it has ended")
        case .changedMeanwhile:
            self.init(
                "40001", "others have changed names or metadata since the transaction began",
                hint: "run the transaction again")
        case .diskFull(let file):
            self.init(
                "53100", "the disk is full: \(file) cannot grow",
                hint: "nothing was changed; free space and try again")
        case .readOnly:
            self.init("25006", "the database is open read-only", hint: "open it without --read-only to write")
        case .needsRecovery(let file):
            self.init(
                "55006", "\(file) was left by a writer that was killed in the middle of a change",
                hint: "open the database for writing once; nothing that was acknowledged is lost")
        case .closed:
            self.init("08006", "the database is closed")
        case .inaccessible(let file, let code):
            self.init(errno: code, "\(file) cannot be opened")
        case .sqlite(let code, let message):
            self.init(
                "58030", "the catalog answered SQLite error \(code): \(message)",
                hint: code & 0xFF == 14
                    ? "look at the permissions of catalog.sqlite and of its folder"
                    : "see the system log for the disk, and run bossql check")
        }
        cause = error
    }

    private static let addressable =
        "coordinates go from \(-VoxelPoint.coordinateLimit) to \(VoxelPoint.coordinateLimit), "
        + "those of data up to 2^21 cuboids an axis"

    /// An error of positions and shapes.
    package init(_ error: GeometryError) {
        switch error {
        case .cuboidIndexTooLarge(let index):
            self.init(
                "22003", "cuboid (\(index.x), \(index.y), \(index.z)) is outside the addressable space",
                hint: Self.addressable)
        case .mortonCodeTooLarge(let code):
            self.init("22003", "\(code) is not a Morton code", hint: Self.addressable)
        case .reversedInterval(let axis, let lower, let upper):
            self.init(
                "22V02", "\(axis.rawValue) \(lower):\(upper) is empty or reversed",
                hint: "the lower bound comes first, the upper one is excluded")
        case .coordinateTooLarge(let axis, let value):
            self.init(
                "22003", "\(axis.rawValue) coordinate \(value) is outside the addressable space",
                hint: Self.addressable)
        case .negativeFrameStart(let axis, let value):
            self.init(
                "22023", "a frame cannot start at \(axis.rawValue) \(value)",
                hint: "frames start at 0 or above")
        case .emptyFrame(let axis):
            self.init("22023", "the frame holds no voxel along \(axis.rawValue)")
        case .invalidVoxelSize(let axis, let value):
            self.init("22023", "voxel size \(value) along \(axis.rawValue) is not a number above zero")
        case .invalidShape(let reason):
            self.init("22023", reason)
        case .resolutionOutOfRange(let level, let levelCount):
            self.init(
                "22V06", "resolution level \(level) does not exist",
                hint: "the experiment has \(levelCount) levels")
        case .noIsotropicChain:
            self.init(
                "22V06", "there is no isotropic chain of levels", hint: "x and y voxel sizes must be equal")
        }
        cause = error
    }

    /// An error of volumes.
    package init(_ error: VoxelError) {
        switch error {
        case .tooLarge(let shape, let voxelType):
            self.init("54V01", "a volume of \(voxelType.rawValue) \(shape) is too large")
        case .invalidShape(let axes, let shape):
            self.init("22V03", "shape \(shape) does not fit axes \(axes.map(\.rawValue))")
        case .byteCountMismatch(let expected, let found):
            self.init("22V03", "the shape needs \(expected) bytes, there are \(found)")
        case .typeMismatch(let expected, let found):
            self.init("22V04", "the voxels are \(found.rawValue), not \(expected.rawValue)")
        }
        cause = error
    }

    /// An error of files that are imported or exported.
    package init(_ error: FormatError) {
        let sqlState =
            switch error {
            case .notFound, .unreadable, .unwritable: "58030"
            case .unknownFormat, .corrupt, .truncated, .unsupported, .mismatch: "22V09"
            case .tooLarge: "54000"
            case .cannotHold: "22V10"
            }
        self.init(sqlState, "\(error)", cause: error)
    }
}

extension DatabaseError {
    /// The error of a commit.
    ///
    /// - Parameter paths: what the channels that it writes to were called.
    init(_ error: StorageError, committingTo paths: [UInt32: String]) {
        if case .channelDropped(let channel) = error, let path = paths[channel] {
            self.init(droppedChannel: path)
            cause = error
        } else {
            self.init(error)
        }
    }

    private init(droppedChannel name: String) {
        self.init(
            "42P01", "\(name) was dropped by another session meanwhile, and nothing was written",
            hint: "SHOW CHANNELS lists what there is; one that has the name now is another channel")
    }
}

/// Runs code of a layer below and turns its error into a `DatabaseError`.
package func mappingErrors<R>(_ body: () throws(StorageError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}

/// As above, for the catalog.
package func mappingErrors<R>(_ body: () throws(CatalogError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}

/// As above, for geometry.
package func mappingErrors<R>(_ body: () throws(GeometryError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}

/// As above, for volumes.
package func mappingErrors<R>(_ body: () throws(VoxelError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}

/// As above, for files.
package func mappingErrors<R>(_ body: () throws(FormatError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}
