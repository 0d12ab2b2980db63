extension StorageEngine {
    /// Paths of the logs and segment files that the newest root names: all others are garbage.
    package var namedFiles: Set<String> {
        writer.withLock { state in
            var named = Set(state.root.segments.map(\.path))
            for log in state.root.logs {
                named.insert(SegmentReference.path(role: .log, identifier: log))
            }
            return named
        }
    }
}
