import Synchronization

/// Runs what the picker chose, and publishes what takes its place.
extension StorageEngine {
    /// Runs a task, or leaves segments alone for which even the reserve is too small.
    func runOrPostpone(
        _ task: CompactionTask, _ reader: VersionReader, _ usage: SpaceUsage,
        _ control: @escaping (Int) throws(StorageError) -> Void
    ) throws(StorageError) -> MaintenanceStep {
        do throws(StorageError) {
            return try usingReserve { () throws(StorageError) in try run(task, reader, usage, control) }
        } catch {
            guard case .diskFull = error, case .rewrite(let segments) = task else { throw error }
            writer.withLock { state in
                for segment in segments {
                    state.upkeep.postpone(segment.reference, reserve: usage.reserveByteCount)
                }
            }
            return .counted
        }
    }

    func run(
        _ task: CompactionTask, _ reader: VersionReader, _ usage: SpaceUsage,
        _ control: @escaping (Int) throws(StorageError) -> Void
    ) throws(StorageError) -> MaintenanceStep {
        switch task {
        case .drop(let segments):
            guard try replace(segments, by: [], kept: reader.kept) else { return .counted }
            return .dropped(segmentCount: segments.count)
        case .move(let segments):
            try writer.withLock { (state) throws(StorageError) in
                try checkWritable(state)
                var edit = ManifestEdit()
                for segment in segments {
                    var reference = segment.reference
                    reference.level = 1
                    edit.changed[reference.identifier] = reference
                }
                try publish(state, edit) { _ in }
                writeStatus(state)
            }
            return .moved(segmentCount: segments.count)
        case .rewrite(let segments):
            let room = writer.withLock { state in
                Int(clamping: segments.reduce(0) { $0 &+ state.upkeep.rest(of: $1.reference) })
            }
            compactingByteCount.store(room, ordering: .relaxed)
            defer { compactingByteCount.store(0, ordering: .relaxed) }
            let pacer = CompactionPacer(
                engine: self, isUrgent: usage.isShort || usage.total + usage.inFlight > usage.softBound,
                control: control)
            let job = CompactionJob(engine: self, inputs: segments, reader: reader, pace: pacer.pass)
            let (references, relieved) = try avoidingDamage(segments) { () throws(StorageError) in
                do throws(StorageError) { return try job.run() } catch {
                    throw writer.withLock { poisonAfterFlush($0, error) }
                }
            }
            var again: [SegmentReference] = []
            for segment in segments where !relieved.isEmpty {
                again += try self.references(of: relieved, overlapping: segment.reference, reader)
            }
            guard try replace(segments, by: references, again, kept: reader.kept) else { return .counted }
            return .rewritten(
                byteCountBefore: segments.reduce(0) { $0 + $1.reference.fileByteCount },
                byteCountAfter: references.reduce(0) { $0 + $1.fileByteCount })
        }
    }

    /// Publishes what takes the place of segments.
    ///
    /// - Parameter relieved: other segments that have to be counted again.
    /// - Returns: false when a snapshot was made meanwhile of a commit that is not among the kept ones; nothing is
    ///   changed then.
    private func replace(
        _ inputs: [Segment], by outputs: [SegmentReference], _ relieved: [SegmentReference] = [],
        kept: KeptCommits
    ) throws(StorageError) -> Bool {
        try writer.withLock { (state) throws(StorageError) in
            do throws(StorageError) {
                try checkWritable(state)
                let snapshots = state.root.snapshots.map(\.sequence)
                guard snapshots.allSatisfy({ $0 >= kept.oldest || kept.snapshots.contains($0) }) else {
                    for output in outputs { try? fileSystem.unlink(output.path) }
                    return false
                }
                for segment in relieved { state.upkeep.mark(segment, isNew: false) }
                let removed = inputs.map { ($0.reference.identifier, $0.reference.minimumKey) }
                let edit = ManifestEdit(
                    added: outputs, removed: Dictionary(removed, uniquingKeysWith: { first, _ in first }))
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.deleteInputsBeforeRoot) { removeEarly(inputs) }
                #endif
                try publish(state, edit) { root in
                    root.history.oldest = max(root.history.oldest, kept.oldest)
                }
            } catch {
                // Once the writer has failed, a root that names the files may be on disk.
                if state.failure == nil { for output in outputs { try? fileSystem.unlink(output.path) } }
                throw error
            }
            writeStatus(state)
            return true
        }
    }

    /// Remembers segments that cannot be read, so that the next step does not meet them again, and what is wrong with
    /// them.
    func avoidingDamage<R>(
        _ segments: [Segment], _ body: () throws(StorageError) -> R
    ) throws(StorageError) -> R {
        do { return try body() } catch {
            switch error {
            case .corrupt, .inputOutput, .notFound, .unsupportedFormat:
                writer.withLock { state in
                    for segment in segments { state.upkeep.avoided.insert(segment.reference.identifier) }
                }
                noteDamage(error)
            default: break
            }
            throw error
        }
    }
}
