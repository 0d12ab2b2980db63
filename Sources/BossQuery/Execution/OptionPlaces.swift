import BossCatalog
import BossDatabase

/// Where the values that the catalog may refuse were written, by the catalog's name for the field.
struct OptionPlaces {
    /// The word of the language and its value's position.
    private var places: [String: Located<String>] = [:]

    init(_ options: ResourceOptions, frame: FrameSyntax? = nil) {
        add("DESCRIPTION", options.description?.position, ["description"])
        add("LEVELS", options.levels?.position, ["num_hierarchy_levels"])
        add("HIERARCHY", options.hierarchy?.position, ["hierarchy_method"])
        add("TIME", options.time?.sampleCount.position, ["num_time_samples"])
        add("STEP", options.time?.step?.position, ["time_step"])
        add("DATATYPE", options.dataType?.position, ["datatype"])
        add("CUBOID", options.cuboid?.position, ["cuboid"])
        add("BASE RES", options.baseResolution?.position, ["base_resolution"])
        add("DEFAULT T", options.defaultTime?.position, ["default_time_sample"])
        add("BACKGROUND", options.background?.position, ["background"])
        add("SOURCES", options.sources?.first?.position, ["sources"])
        add("RELATED", options.related?.first?.position, ["related"])
        guard let frame else { return }
        add("X", frame.x.position, ["x_start", "x_stop"])
        add("Y", frame.y.position, ["y_start", "y_stop"])
        add("Z", frame.z.position, ["z_start", "z_stop"])
        add("VOXEL", frame.voxelX.position, ["x_voxel_size"])
        add("VOXEL", frame.voxelY.position, ["y_voxel_size"])
        add("VOXEL", frame.voxelZ.position, ["z_voxel_size"])
    }

    private mutating func add(_ word: String, _ position: NodePosition?, _ fields: [String]) {
        guard let position else { return }
        for field in fields { places[field] = Located(word, position) }
    }

    /// The error in the words of the statement and at the option to blame; nil when no option is.
    func error(for error: CatalogError) -> DatabaseError? {
        switch error {
        case .invalidValue(let field, let value, let allowed):
            guard let place = places[field] else { return nil }
            return DatabaseError(
                "22023", "\(place.value) cannot be \(value)", hint: "allowed: \(allowed)",
                position: place.position.source, cause: error)
        case .cannotAlter(let property):
            guard let place = places[property] else { return nil }
            let change = property == "hierarchy_method" ? "changed" : "reduced"
            return DatabaseError(
                "55V02", "\(place.value) cannot be \(change) while the experiment has channels",
                hint: "create a new experiment and copy the data", position: place.position.source,
                cause: error)
        default: return nil
        }
    }
}

extension StatementExecutor {
    /// Changes the catalog; a refused value is reported at the option that holds it.
    func changing<R>(
        _ places: OptionPlaces, _ position: NodePosition, _ body: () throws(CatalogError) -> R
    ) throws(DatabaseError) -> R {
        do throws(CatalogError) {
            return try body()
        } catch {
            throw places.error(for: error) ?? named(error, position)
        }
    }
}

extension ResourceOptions {
    /// Where an option was written; nil when it was not.
    func position(of option: ResourceOption) -> NodePosition? {
        switch option {
        case .description: description?.position
        case .frame: frame?.position
        case .levels: levels?.position
        case .hierarchy: hierarchy?.position
        case .time: time?.sampleCount.position
        case .type: type?.position
        case .dataType: dataType?.position
        case .cuboid: cuboid?.position
        case .codec: codec?.position
        case .baseResolution: baseResolution?.position
        case .defaultTime: defaultTime?.position
        case .background: background?.position
        case .sources: sources?.first?.position
        case .related: related?.first?.position
        case .levelWrites: levelWrites
        case .autoDownsample: autoDownsample
        }
    }
}
