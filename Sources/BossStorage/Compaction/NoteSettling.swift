import BossVoxels

extension StorageEngine {
    /// Moves notes of bulk loads to a segment file when the root holds many, which is written again with every commit.
    /// Commits to the log take them along; a database that is only loaded in bulk has none.
    ///
    /// - Returns: nil when there are few.
    func moveNotes() throws(StorageError) -> MaintenanceStep? {
        let notes = writer.withLock { $0.waitingNotes }
        guard notes.count > options.rootNoteLimit else { return nil }
        var segments = SegmentWriter(engine: self)
        do throws(StorageError) {
            for note in notes { try write(note, to: &segments) }
            let references = try segments.finish()
            let moved = Set(notes.map(\.sequence))
            try writer.withLock { (state) throws(StorageError) in
                try checkWritable(state)
                try publish(state, ManifestEdit(added: references)) { root in
                    root.bulkNotes.removeAll { moved.contains($0.sequence) }
                }
                writeStatus(state)
            }
            return .noted(commitCount: notes.count)
        } catch {
            let failure = writer.withLock { state in
                (error: poisonAfterFlush(state, error), isFinal: state.failure != nil)
            }
            // Once the writer has failed, a root that names the file may be on disk.
            if !failure.isFinal { segments.discard() }
            throw failure.error
        }
    }

    private func write(
        _ note: ManifestRoot.BulkNote, to segments: inout SegmentWriter
    ) throws(StorageError) {
        let page = EncodedPage.bytes(
            note.bytes, key: CuboidKey(group: SystemGroup.notes, morton: note.sequence))
        let checksum = page.seal(sequence: note.sequence, database: database)
        let entry = IndexEntry(page: page, sequence: note.sequence, offset: 0, headerChecksum: checksum)
        let written = page.withBytes { bytes in
            Result { () throws(StorageError) in
                try segments.append(entry, group: SystemGroup.notes, bytes: bytes, fate: .needed)
            }
        }
        try written.get()
    }
}
