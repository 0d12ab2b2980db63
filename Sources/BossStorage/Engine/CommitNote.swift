/// What the history keeps about a commit.
package struct CommitNote: Hashable, Sendable {
    /// When it was made, microseconds since 1970 UTC; later commits have later times. Set by the engine.
    package internal(set) var microseconds: Int64 = 0
    /// What was done, in words of the query language.
    package var action = ""
    /// Who did it; empty without users.
    package var user = ""
    /// What the user says about it.
    package var message = ""
    /// Channels that it changed, ascending.
    package var channels: [UInt32] = []
    /// Voxels whose value is another one now, where that was counted.
    package var changedVoxelCount: UInt64 = 0

    /// Bytes that each text may have; longer ones are cut.
    private static let textLimit = 32 << 10

    /// A note without words.
    package init() {}

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Magic.note)
        writer.append(UInt32(1))
        writer.append(microseconds)
        writer.append(changedVoxelCount)
        for text in [action, user, message] {
            // A character that the cut halves is replaced: the text stays UTF-8.
            let bytes = Array(String(decoding: text.utf8.prefix(Self.textLimit), as: UTF8.self).utf8)
            writer.append(UInt32(bytes.count))
            writer.append(contentsOf: bytes)
        }
        writer.append(UInt32(channels.count))
        for channel in channels { writer.append(channel) }
        return writer.bytes
    }

    /// Reads a note.
    ///
    /// - Throws: `.corrupt`.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file)
        guard try cursor.next(UInt32.self) == Magic.note, try cursor.next(UInt32.self) == 1 else {
            throw cursor.corrupt("not the note of a commit")
        }
        microseconds = try cursor.next()
        changedVoxelCount = try cursor.next()
        var texts: [String] = []
        for _ in 0..<3 {
            let count = Int(try cursor.next(UInt32.self))
            texts.append(String(decoding: try cursor.slice(count), as: UTF8.self))
        }
        (action, user, message) = (texts[0], texts[1], texts[2])
        let count = Int(try cursor.next(UInt32.self))
        guard cursor.remaining == count * 4 else { throw cursor.corrupt("channels of a commit") }
        for _ in 0..<count { channels.append(try cursor.next()) }
    }
}

/// The engine's own pages: keys of a channel number that the catalog never gives away.
package enum SystemGroup {
    /// The number.
    package static let channel = UInt32.max

    /// Notes of commits; the Morton code is the commit.
    static let notes = PageGroup(channel: channel, resolution: 0, time: 0)
    /// Changes of the catalog that belong to a commit; the Morton code is the commit.
    static let catalogRedo = PageGroup(channel: channel, resolution: 1, time: 0)

    static func isSystem(_ group: PageGroup) -> Bool { group.channel == channel }
}
