/// A collection, an experiment or a channel by its names: what metadata can be attached to.
public enum CatalogResource: Hashable, Sendable {
    /// A collection.
    case collection(String)
    /// An experiment of a collection.
    case experiment(collection: String, experiment: String)
    /// A channel of an experiment.
    case channel(collection: String, experiment: String, channel: String)

    /// Which kind of thing it is.
    public var kind: ResourceKind {
        switch self {
        case .collection: .collection
        case .experiment: .experiment
        case .channel: .channel
        }
    }

    /// The names joined with `/`, for example `lab/mouse1/em`.
    public var path: String {
        switch self {
        case .collection(let collection): collection
        case .experiment(let collection, let experiment): "\(collection)/\(experiment)"
        case .channel(let collection, let experiment, let channel): "\(collection)/\(experiment)/\(channel)"
        }
    }
}
