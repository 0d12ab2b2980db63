/// One key of the metadata of a collection, an experiment or a channel.
public struct MetadataEntry: Hashable, Sendable {
    /// 1 to 255 characters of any kind but NUL.
    public let key: String
    /// A JSON text.
    public let value: String
    /// When the value was last set, in microseconds since 1970 UTC.
    public let updatedAtMicroseconds: Int64
}

/// A metadata key found by a search over everything.
public struct MetadataHit: Hashable, Sendable {
    /// What the key belongs to.
    public let resource: CatalogResource
    /// The key and its value.
    public let entry: MetadataEntry
}
