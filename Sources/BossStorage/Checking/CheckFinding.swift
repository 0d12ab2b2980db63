/// Something that a check of the database found.
package struct CheckFinding: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable {
        /// Data is lost, or a promise of the format is broken.
        case error
        /// It could not be looked at, so that nothing is known of it.
        case unchecked
        /// Nothing is lost; something is not as the engine leaves it.
        case warning
    }

    /// How bad it is.
    package let severity: Severity
    /// The file or the cuboid, in words.
    package let object: String
    /// What is wrong with it.
    package let message: String
    /// What can be done.
    package let remedy: String
    /// The file in which it was found, relative to the database's folder.
    package var file: String?
    /// The byte of the file, where one can be named.
    package var offset: UInt64?
    /// The cuboid, where it is about one.
    package var key: CuboidKey?
}

extension CheckFinding: CustomStringConvertible {
    package var description: String { "\(severity.rawValue): \(object): \(message); \(remedy)" }
}

/// How much a check reads.
package enum CheckDepth: Sendable {
    /// What describes the data: roots, lists of segments, headers, footers, indexes, the live log's batches.
    case quick
    /// Also every page and every brick, and what follows from all versions together.
    case full
}

/// How far a check is.
package struct CheckProgress: Hashable, Sendable {
    /// Segment files done.
    package var segmentCount = 0
    /// All segment files.
    package var segmentTotal = 0
    /// Bytes of pages read.
    package var byteCount: UInt64 = 0
    /// Lengths of all segment files.
    package var byteTotal: UInt64 = 0
}

/// What can be done about findings.
enum CheckRemedy {
    static let restore = "restore the file from a backup, or salvage the database"
    static let rewrite = "write the cuboid again, restore the file from a backup, or salvage the database"
    static let mapping =
        "restore the channel to a snapshot, restore the file from a backup, or salvage the database"
    static let nextOpen = "nothing is needed: opening the database for writing removes it"
    static let none = "nothing is needed; watch the disk"
    static let report = "keep a copy of the database and report a defect of the engine"
    static let maintenance = "nothing is needed: maintenance counts again after the next open"
}

extension PageGroup {
    /// For messages.
    var words: String {
        if SystemGroup.isSystem(self) {
            return resolution == 0 ? "notes of commits" : "changes of the catalog"
        }
        switch resolution {
        case ReservedResolution.meshes: return "stored meshes of channel \(channel)"
        case ReservedResolution.mapping: return "the mapping of channel \(channel)"
        case ReservedResolution.identifiers: return "the largest reserved ID of channel \(channel)"
        default: return "channel \(channel), resolution \(resolution), time \(time)"
        }
    }
}

extension CuboidKey {
    /// For messages: the cuboid by its place in the grid.
    var words: String {
        if SystemGroup.isSystem(group) { return "\(group.words), commit \(morton)" }
        if group.resolution == ReservedResolution.meshes {
            return "mesh of ID \(UInt64(group.time) << 63 | morton) of channel \(group.channel)"
        }
        if !group.holdsVoxels { return "page \(morton) of \(group.words)" }
        guard let place = SalvagedPlace(morton: morton) else { return "cuboid \(morton) of \(group.words)" }
        return "cuboid (\(place.x), \(place.y), \(place.z)) of \(group.words)"
    }
}
