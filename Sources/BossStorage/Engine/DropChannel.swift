import Synchronization

extension StorageEngine {
    /// Forgets all pages of a channel: one new root, no page is touched.
    ///
    /// Files that hold nothing else are removed when their last reader is done; pages in shared files are
    /// garbage until those are rewritten. Dropping a channel again does nothing.
    package func dropChannel(_ channel: UInt32) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            guard !state.root.droppedChannels.contains(channel) else { return }
            try publish(state) { root in
                root.droppedChannels.append(channel)
                root.segments.removeAll { $0.holdsOnly(channel) }
            }
            let removed = published.withLock { published in
                let removed = published.segments.filter { $0.reference.holdsOnly(channel) }
                published.segments.removeAll { $0.reference.holdsOnly(channel) }
                published.memtable.remove(channel: channel)
                published.droppedChannels.insert(channel)
                return removed
            }
            for segment in removed { segment.discard() }
            writeStatus(state)
        }
    }
}

extension SegmentReference {
    func holdsOnly(_ channel: UInt32) -> Bool {
        minimumKey.group.channel == channel && maximumKey.group.channel == channel
    }
}
