/// What the catalog refuses or finds broken. Cases carry the facts; the facade makes the sentences.
public enum CatalogError: Error, Hashable, Sendable {
    /// Nothing of this name exists.
    case notFound(kind: ResourceKind, path: String)
    /// The name is taken.
    case alreadyExists(kind: ResourceKind, path: String)
    /// A name is empty, longer than 255 characters, or has characters that its kind does not allow.
    case invalidName(kind: ResourceKind, name: String)
    /// A collection or an experiment still has children and no cascade was asked for.
    case notEmpty(kind: ResourceKind, path: String, childCount: Int)
    /// Something else refers to it: the path of one of those that do.
    case inUse(kind: ResourceKind, path: String, by: String)
    /// A field has a value outside the allowed ones.
    case invalidValue(field: String, value: String, allowed: String)
    /// A property that is fixed once the resource exists, or once it has channels.
    case cannotAlter(property: String)
    /// The file is not a catalog, or its content breaks a rule of the format.
    case corrupt(file: String, reason: String)
    /// The catalog was written by a newer program: the schema versions found and supported.
    case newerSchema(found: Int, supported: Int)
    /// Another connection kept from reading or from committing for longer than the busy timeout, 5 s by default.
    case locked(file: String)
    /// Another transaction is changing the catalog, and did not end within the busy timeout.
    case lockedByTransaction(file: String)
    /// Others have changed the catalog since a transaction that wants to change it began.
    case changedMeanwhile(file: String)
    /// The disk or the quota is full.
    case diskFull(file: String)
    /// A write was asked of a read-only handle, or of a file that cannot be written.
    case readOnly
    /// A writer was killed in the middle of a commit, and a read-only handle cannot roll that back.
    case needsRecovery(file: String)
    /// The handle was closed.
    case closed
    /// The file cannot be looked at, for a reason of the operating system's.
    case inaccessible(file: String, errno: Int32)
    /// SQLite reports something else: its extended result code and message.
    case sqlite(code: Int32, message: String)
}

/// The kinds of things that the catalog stores, as named in errors.
public enum ResourceKind: String, CaseIterable, Hashable, Sendable {
    /// A collection of experiments.
    case collection
    /// A coordinate frame.
    case coordinateFrame = "coordinate frame"
    /// An experiment of a collection.
    case experiment
    /// A channel of an experiment.
    case channel
    /// A key of the metadata of a collection, an experiment or a channel.
    case metadataKey = "metadata key"
    /// The file of the catalog itself.
    case catalogFile = "catalog file"
}
