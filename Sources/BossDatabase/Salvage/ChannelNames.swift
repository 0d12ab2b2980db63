import BossCatalog
import BossGeometry
import BossStorage

/// Names for what the engine knows by number: channels, and voxels for cuboids and bricks.
struct ChannelNames {
    private(set) var layouts: [UInt32: ChannelLayout] = [:]
    /// Channels whose shape and frame are only guessed: what was lost may lie outside.
    private var guessed: Set<UInt32> = []

    /// Names nothing.
    init() {}

    /// The channels in use. One whose properties make no sense stays without a name.
    init(_ catalog: Catalog, guessed: Set<UInt32> = []) throws(DatabaseError) {
        self.guessed = guessed
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        for (collection, experiment, record) in SalvageCatalog.channels(tree) {
            let resolved = try mappingErrors { () throws(CatalogError) in
                try catalog.resolveChannel(
                    collection: collection, experiment: experiment.name, channel: record.name)
            }
            if let resolved, let layout = try? ChannelLayout(resolved) { layouts[record.id] = layout }
        }
    }

    func path(_ channel: UInt32) -> String { layouts[channel]?.path ?? "channel \(channel)" }

    /// The layout of a channel whose frame is known.
    func framed(_ channel: UInt32) -> ChannelLayout? { guessed.contains(channel) ? nil : layouts[channel] }

    /// The voxels of a cuboid inside of the frame; nil when the shape is not known.
    func box(_ key: CuboidKey, brick: Int? = nil) -> VoxelBox? {
        guard let layout = layouts[key.group.channel], let index = Self.index(key.morton),
            let level = ResolutionLevel(rawValue: key.group.resolution)
        else { return nil }
        if let brick, !(0..<layout.grid.brickCount).contains(brick) { return nil }
        let whole = brick.map { layout.grid.box(ofBrick: $0, in: index) } ?? layout.grid.box(of: index)
        return whole.intersection(layout.hierarchy.box(at: level)) ?? whole
    }

    static func index(_ morton: UInt64) -> CuboidIndex? { try? MortonCode(rawValue: morton).index }

    /// A cuboid in words: `lab/mouse/em X 0:512 Y 0:512 Z 0:16, resolution 1, time 0`.
    func words(_ key: CuboidKey) -> String? {
        if key.group == .mapping(of: key.group.channel), layouts[key.group.channel] != nil {
            return "merged IDs of \(path(key.group.channel))"
        }
        guard key.group.channel != SystemGroup.channel, let box = box(key),
            let level = ResolutionLevel(rawValue: key.group.resolution)
        else { return nil }
        let ranges = SpatialAxis.allCases.map { axis in
            "\(axis.rawValue) \(box[axis].lowerBound):\(box[axis].upperBound)"
        }
        return
            "\(path(key.group.channel)) \(ranges.joined(separator: " ")), resolution \(level), time \(key.group.time)"
    }

    // MARK: Losses

    /// The losses of voxels in a report, each with the channel's name and its voxels.
    func losses(_ report: SalvageReport) -> [SalvagedLoss] {
        var losses = report.losses.filter {
            $0.group.channel != SystemGroup.channel && $0.group.holdsVoxels
        }.flatMap(named)
        for stretch in report.stretches where stretch.lowest.group.channel != SystemGroup.channel {
            losses += exact(stretch) ?? LostStretchRows(stretch, names: self, report).rows
        }
        return losses
    }

    /// Losses of what channels keep beside their voxels, in words.
    private func otherLosses(_ report: SalvageReport) -> [String] {
        report.losses.filter { !$0.group.holdsVoxels }.map { loss in
            let channel = path(loss.group.channel)
            switch loss.group.resolution {
            case ReservedResolution.meshes:
                let id = UInt64(loss.group.time) << 63 | loss.morton
                return "the stored mesh of ID \(id) of \(channel) is lost, in \(loss.path)"
            case ReservedResolution.identifiers:
                return "the largest reserved ID of \(channel) is lost, in \(loss.path)"
            default: return "what \(channel) keeps beside its voxels is lost in part, in \(loss.path)"
            }
        }
    }

    /// Losses of pages that hold no voxels, in words.
    func systemLosses(_ report: SalvageReport) -> [String] {
        let stretches = report.stretches.filter { $0.highest.group.channel == SystemGroup.channel }.map {
            "up to \($0.count) notes of commits or changes of the catalog are lost, in \($0.path)"
        }
        return stretches + otherLosses(report)
            + report.losses.filter { $0.group.channel == SystemGroup.channel }.map {
                $0.group.resolution == 0
                    ? "the note of commit \($0.morton) is lost (what was done, when), in \($0.path)"
                    : "what commit \($0.morton) changed in the catalog is lost, in \($0.path)"
            }
    }

    /// Losses of merged IDs, in words.
    func mappingLosses(_ report: SalvageReport) -> [String] {
        let pages = report.losses.filter { $0.group == .mapping(of: $0.group.channel) }.map { loss in
            "merged IDs of \(path(loss.group.channel)) are lost and read as they are stored, in \(loss.path)"
        }
        let stretches = report.stretches.flatMap { stretch in
            let ends = [stretch.lowest.group, stretch.highest.group]
            let merged = report.shapes.filter { $0.value.actions.contains { $0.hasPrefix("MERGE IDS") } }
            let channels = Set(merged.keys).union(ends.filter { !$0.holdsVoxels }.map(\.channel))
            return channels.sorted().filter { channel in
                (ends[0]...ends[1]).contains(.mapping(of: channel))
            }.map { "merged IDs of \(path($0)) may be among what is lost in \(stretch.path)" }
        }
        return Set(pages + stretches).sorted()
    }

    private func named(_ loss: SalvageLoss) -> [SalvagedLoss] {
        let key = CuboidKey(group: loss.group, morton: loss.morton)
        var shown: UInt64?
        if case .olderVersion(let commit) = loss.substitute { shown = commit }
        func row(_ extent: SalvagedLoss.Extent, _ box: VoxelBox?) -> SalvagedLoss? {
            guard let index = Self.index(loss.morton) else { return nil }
            return SalvagedLoss(
                channel: path(loss.group.channel), channelNumber: loss.group.channel,
                level: ResolutionLevel(rawValue: loss.group.resolution) ?? .native,
                time: Int(loss.group.time), lastTime: Int(loss.group.time), cuboid: index, extent: extent,
                box: box, commit: loss.commit,
                shownCommit: shown, file: loss.path)
        }
        switch loss.extent {
        case .bricks(let bricks):
            return bricks.compactMap { row(.brick($0), box(key, brick: $0)) }
        case .cuboid(let held):
            return [row(held.isEmpty ? .cuboid : .cuboidExcept(bricks: held), box(key))].compactMap { $0 }
        case .someBricks(let held):
            return [row(.unknownBricks(except: held), box(key))].compactMap { $0 }
        }
    }

    /// The cuboids of a stretch one by one, where it is certain which are lost; those outside of the frame are none.
    private func exact(_ stretch: SalvageLostStretch) -> [SalvagedLoss]? {
        guard let candidates = stretch.candidates,
            let level = ResolutionLevel(rawValue: stretch.lowest.group.resolution)
        else { return nil }
        let group = stretch.lowest.group
        let layout = framed(group.channel)
        let frame = layout.map { $0.hierarchy.box(at: level) }
        var losses: [SalvagedLoss] = []
        for candidate in candidates {
            guard let index = Self.index(candidate.morton) else { continue }
            if let layout, let frame, layout.grid.box(of: index).intersection(frame) == nil { continue }
            losses.append(
                SalvagedLoss(
                    channel: path(group.channel), channelNumber: group.channel, level: level,
                    time: Int(group.time), lastTime: Int(group.time), cuboid: index, extent: .cuboid,
                    box: box(CuboidKey(group: group, morton: candidate.morton)),
                    commit: stretch.commit == 0 ? nil : stretch.commit, shownCommit: candidate.shownCommit,
                    file: stretch.path))
        }
        return UInt64(losses.count) <= stretch.count ? losses : nil
    }
}
