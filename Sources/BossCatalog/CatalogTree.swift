/// Everything in the catalog but metadata, as of one moment; children and frames are sorted by name.
public struct CatalogTree: Hashable, Sendable {
    /// An experiment with its channels.
    public struct Experiment: Hashable, Sendable {
        /// The experiment itself.
        public let record: ExperimentRecord
        /// Its channels in use.
        public let channels: [ChannelRecord]
    }

    /// A collection with its experiments.
    public struct Collection: Hashable, Sendable {
        /// The collection itself.
        public let record: CollectionRecord
        /// Its experiments.
        public let experiments: [Experiment]
    }

    /// All collections.
    public let collections: [Collection]
    /// All coordinate frames, used or not.
    public let coordinateFrames: [CoordinateFrameRecord]
}

/// A channel with all that is needed to read and write it.
public struct ResolvedChannel: Hashable, Sendable {
    /// The collection.
    public let collection: CollectionRecord
    /// The experiment.
    public let experiment: ExperimentRecord
    /// The experiment's coordinate frame.
    public let coordinateFrame: CoordinateFrameRecord
    /// The channel.
    public let channel: ChannelRecord
}
