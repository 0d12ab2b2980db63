import BossStorage
import BossVoxels
import Synchronization

/// Mappings that were read lately, each until its head page is another one.
final class LabelMappingCache: Sendable {
    private struct Key: Hashable, Sendable {
        let channel: UInt32
        let state: PageIdentity
    }
    /// Mappings kept, and their merged IDs together.
    private static let entryLimit = 16
    private static let countLimit = 2 * LabelMapping.countLimit

    /// The one used last comes last.
    private let entries = Mutex<[(key: Key, mapping: LabelMapping)]>([])

    /// What merged IDs of a channel read as; nil where none is merged.
    ///
    /// Costs a look at the index where nothing has changed.
    /// - Throws: 53200 for more merged IDs than memory is meant for, XX001.
    func mapping(
        of channel: ChannelLayout, in view: View, from engine: StorageEngine
    ) throws(DatabaseError) -> LabelMapping? {
        let state = try mappingErrors { () throws(StorageError) in
            try view.mappingIdentity(of: channel.channel)
        }
        guard let state else { return nil }
        let key = Key(channel: channel.channel, state: state)
        if let known = find(key) { return known.count == 0 ? nil : known }
        let loaded = try load(channel, view, engine)
        insert(key, loaded)
        return loaded.count == 0 ? nil : loaded
    }

    private func load(
        _ channel: ChannelLayout, _ view: View, _ engine: StorageEngine
    ) throws(DatabaseError) -> LabelMapping {
        let head = try naming(channel) { () throws(StorageError) in
            try engine.mappingHead(of: channel.channel, in: view)
        }
        guard head?.pairCount ?? 0 <= UInt64(LabelMapping.countLimit) else {
            throw LabelMapping.overLimit(channel.path)
        }
        let stored = try naming(channel) { () throws(StorageError) in
            try engine.mapping(of: channel.channel, in: view)
        }
        for (id, root) in stored.roots {
            guard channel.isLabel(id), channel.isLabel(root) else {
                throw DatabaseError(
                    "XX001",
                    "the merged IDs of \(channel.path) are damaged: \(id) reads as \(root), which are no IDs there",
                    hint: "RESTORE \(channel.path) to an older version, or salvage the database")
            }
        }
        return LabelMapping(stored.roots)
    }

    /// Gives errors of the engine, which knows the channel by number, its name.
    private func naming<R>(
        _ channel: ChannelLayout, _ body: () throws(StorageError) -> R
    ) throws(DatabaseError) -> R {
        do throws(StorageError) { return try body() } catch {
            let told = DatabaseError(error)
            throw DatabaseError(
                told.sqlState, "the merged IDs of \(channel.path) cannot be read: \(told.message)",
                hint: told.hint, cause: error)
        }
    }

    private func find(_ key: Key) -> LabelMapping? {
        entries.withLock { entries in
            guard let place = entries.lastIndex(where: { $0.key == key }) else { return nil }
            if place < entries.count - 1 { entries.append(entries.remove(at: place)) }
            return entries.last?.mapping
        }
    }

    private func insert(_ key: Key, _ mapping: LabelMapping) {
        entries.withLock { entries in
            entries.removeAll { $0.key == key }
            entries.append((key, mapping))
            while entries.count > Self.entryLimit
                || (entries.count > 1 && entries.reduce(0) { $0 + $1.mapping.count } > Self.countLimit)
            {
                entries.removeFirst()
            }
        }
    }
}

extension ChannelLayout {
    /// Whether a number is an ID of the channel: it fits the voxels, and is not the background.
    func isLabel(_ id: UInt64) -> Bool {
        let width = UInt64(voxelType.byteCount * 8)
        return id != backgroundBits && (width == 64 || id >> width == 0)
    }
}

extension Channel {
    /// What merged IDs read as in a state; nil where none is merged, as in every image channel.
    ///
    /// - Throws: 53200 for more merged IDs than memory is meant for, XX001.
    package func mapping(in view: DatabaseView) throws(DatabaseError) -> LabelMapping? {
        guard isAnnotation else { return nil }
        return try database.labelMappings.mapping(of: layout, in: view.view, from: database.engine)
    }

    /// A reader whose labels are those that a state shows; `reader` gives them as they are stored.
    func mappedReader(_ view: View, hint: CacheHint = .interactive) throws(DatabaseError) -> CutoutReader {
        var reader = reader(hint: hint)
        reader.mapping = try mapping(in: DatabaseView(view: view))
        return reader
    }
}
