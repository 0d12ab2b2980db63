/// CREATE, ALTER, DROP and metadata.
extension SyntaxPrinter {
    mutating func createResource(_ node: CreateResource) {
        word("CREATE", node.kind.rawValue)
        word(if: node.ifNotExists, "IF", "NOT", "EXISTS")
        path(node.path)
        if let frame = node.frame { self.frame(frame) }
        if let frame = node.options.frame {
            word("FRAME")
            path(frame)
        }
        if let type = node.options.type { word("TYPE", type.value.rawValue) }
        if let type = node.options.dataType { word("DATATYPE", type.value.rawValue) }
        for option in ResourceOption.allCases where node.options.has(option) {
            if [.frame, .type, .dataType].contains(option) { continue }
            resourceOption(option, of: node.options)
        }
    }

    private mutating func frame(_ frame: FrameSyntax) {
        axis("X", frame.x)
        axis("Y", frame.y)
        axis("Z", frame.z)
        let sizes = [frame.voxelX, frame.voxelY, frame.voxelZ].map { Self.spelling(of: $0.value) }
        word("VOXEL", sizes.joined(separator: ", "))
    }

    mutating func alterResource(_ node: AlterResource) {
        word("ALTER", node.kind.rawValue)
        path(node.path)
        switch node.action {
        case .rename(let name): keyedName("RENAME TO", name)
        case .set(let options):
            word("SET")
            list(ResourceOption.allCases.filter(options.has)) { $0.resourceOption($1, of: options) }
        }
    }

    /// Writes one option that was given.
    private mutating func resourceOption(_ option: ResourceOption, of options: ResourceOptions) {
        word(option.keyword.text)
        switch option {
        case .description: if let text = options.description { self.text(text) }
        case .frame: if let frame = options.frame { path(frame) }
        case .levels: if let levels = options.levels { word(String(levels.value)) }
        case .hierarchy: if let hierarchy = options.hierarchy { word(hierarchy.value.rawValue) }
        case .time:
            if let time = options.time {
                word(String(time.sampleCount.value))
                if let step = time.step { word("STEP", Self.spelling(of: step.value)) }
            }
        case .type: if let type = options.type { word(type.value.rawValue) }
        case .dataType: if let type = options.dataType { word(type.value.rawValue) }
        case .cuboid: if let size = options.cuboid { word(Self.spelling(of: size)) }
        case .codec: if let codec = options.codec { word(codec.value.rawValue) }
        case .baseResolution: if let level = options.baseResolution { word("RES", String(level.value)) }
        case .defaultTime: if let time = options.defaultTime { word("T", String(time.value)) }
        case .background: if let background = options.background { scalar(background) }
        case .sources: paths(options.sources ?? [])
        case .related: paths(options.related ?? [])
        case .levelWrites: word("WRITES")
        case .autoDownsample: word("DOWNSAMPLE")
        }
    }

    private mutating func paths(_ paths: [PathSyntax]) {
        brackets { $0.list(paths) { $0.path($1) } }
    }

    mutating func dropResource(_ node: DropResource) {
        word("DROP", node.kind.rawValue)
        word(if: node.ifExists, "IF", "EXISTS")
        path(node.path)
        word(if: node.cascades, "CASCADE")
    }

    mutating func setMetadata(_ node: SetMetadata) {
        word("SET", "METADATA", "ON")
        path(node.path)
        list(node.entries) { printer, entry in
            printer.text(entry.key)
            printer.word("=")
            printer.scalar(entry.value)
        }
    }
}
