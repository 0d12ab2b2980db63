import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels

/// One change to a catalog, with names from a few, so that many meet what others made and many are refused.
enum RandomOperation {
    case createCollection(String)
    case renameCollection(String, to: String)
    case dropCollection(String, cascade: Bool)
    case createFrame(String, size: Double)
    case dropFrame(String)
    case createExperiment(String, in: String, frame: String)
    case alterExperiment(String, in: String, step: Double)
    case dropExperiment(String, in: String, cascade: Bool)
    case createChannel(String, in: String, String, sources: [String])
    case alterChannel(String, in: String, String, sources: [String])
    case renameChannel(String, in: String, String, to: String)
    case dropChannel(String, in: String, String)
    case forget(UInt32)
    case setStatus(UInt32)
    case setMetadata(CatalogResource, [MetadataAssignment])
    case unsetMetadata(CatalogResource, [String])
    case reserve(UInt32)

    static func random(using random: inout SeededGenerator) -> RandomOperation {
        func pick(_ letters: String) -> String {
            letters.randomElement(using: &random).map(String.init) ?? "a"
        }
        let (collection, experiment, channel) = (pick("ab"), pick("ef"), pick("uvwxyz"))
        let number = UInt32.random(in: 1...20, using: &random)
        let cascade = Int.random(in: 0..<4, using: &random) == 0
        let sources = Bool.random(using: &random) ? [] : [pick("uvw"), pick("xyz")]
        let resource: CatalogResource =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .collection(collection)
            case 1: .experiment(collection: collection, experiment: experiment)
            default: .channel(collection: collection, experiment: experiment, channel: channel)
            }
        switch Int.random(in: 0..<24, using: &random) {
        case 0, 1: return .createCollection(collection)
        case 2: return .renameCollection(collection, to: pick("ab"))
        case 3: return .dropCollection(collection, cascade: cascade)
        case 4: return .createFrame(pick("st"), size: Double.random(in: 1...9, using: &random))
        case 5: return .dropFrame(pick("st"))
        case 6, 7, 8: return .createExperiment(experiment, in: collection, frame: pick("st"))
        case 9:
            return .alterExperiment(
                experiment, in: collection, step: Double.random(in: -1...9, using: &random))
        case 10: return .dropExperiment(experiment, in: collection, cascade: cascade)
        case 11, 12, 13, 14: return .createChannel(channel, in: collection, experiment, sources: sources)
        case 15: return .alterChannel(channel, in: collection, experiment, sources: sources)
        case 16: return .renameChannel(channel, in: collection, experiment, to: pick("uvwxyz"))
        case 17: return .dropChannel(channel, in: collection, experiment)
        case 18: return .forget(number)
        case 19: return .setStatus(number)
        case 20, 21:
            let keys = (0..<3).map { _ in pick("klmn") }
            // The last value is no JSON now and then: then the first ones are undone.
            return .setMetadata(
                resource, keys.map { MetadataAssignment(key: $0, value: cascade ? "{" : "\"\($0) é\"") })
        case 22: return .unsetMetadata(resource, [pick("kl"), pick("mn")])
        default: return cascade ? .reserve(number) : .createCollection(collection)
        }
    }

    /// Runs it; what it returned, or the error.
    func run(on catalog: Catalog) -> String {
        do throws(CatalogError) {
            return try attempt(on: catalog)
        } catch {
            return "\(error)"
        }
    }

    private func attempt(on catalog: Catalog) throws(CatalogError) -> String {
        switch self {
        case .createCollection(let name):
            return "\(try catalog.createCollection(NewCollection(name: name)).id)"
        case .renameCollection(let name, let new): try catalog.renameCollection(name, to: new)
        case .dropCollection(let name, let cascade):
            return "\(try catalog.dropCollection(name, cascade: cascade))"
        case .createFrame(let name, let size):
            var frame = standardFrame(name)
            frame.voxelSize = PhysicalSize(x: size, y: size / 3, z: size * 7)
            return "\(try catalog.createCoordinateFrame(frame).id)"
        case .dropFrame(let name): try catalog.dropCoordinateFrame(name)
        case .createExperiment(let name, let collection, let frame):
            return
                "\(try catalog.createExperiment(in: collection, NewExperiment(name: name, coordinateFrame: frame)).id)"
        case .alterExperiment(let name, let collection, let step):
            try catalog.alterExperiment(name, in: collection, ExperimentChanges(timeStep: step))
        case .dropExperiment(let name, let collection, let cascade):
            return "\(try catalog.dropExperiment(name, in: collection, cascade: cascade))"
        case .createChannel(let name, let collection, let experiment, let sources):
            let new = NewChannel(name: name, kind: .image, voxelType: .uint8, sources: sources)
            return "\(try catalog.createChannel(in: collection, experiment, new).id)"
        case .alterChannel(let name, let collection, let experiment, let sources):
            try catalog.alterChannel(
                name, in: collection, experiment, ChannelChanges(description: "é", sources: sources))
        case .renameChannel(let name, let collection, let experiment, let new):
            try catalog.renameChannel(name, in: collection, experiment, to: new)
        case .dropChannel(let name, let collection, let experiment):
            return "\(try catalog.dropChannel(name, in: collection, experiment))"
        case .forget(let number): try catalog.forget(channelID: number)
        case .setStatus(let number): try catalog.setDownsampleStatus(.queued, channelID: number)
        case .setMetadata(let resource, let assignments): try catalog.setMetadata(on: resource, assignments)
        case .unsetMetadata(let resource, let keys): try catalog.unsetMetadata(on: resource, keys: keys)
        case .reserve(let number): try catalog.reserveChannelIDs(upTo: number)
        }
        return "done"
    }
}
