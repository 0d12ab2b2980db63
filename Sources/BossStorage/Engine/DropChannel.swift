import Synchronization

extension StorageEngine {
    /// Forgets all pages of a channel: one new root, no page is touched, whatever their number.
    ///
    /// Views look at the root's list of dropped channels before they look for pages. Those of the live log stay in the
    /// memtable, so that the index of the sealed log has them and their space is counted as dead. It comes back when
    /// maintenance has gone over the segments. Commits that are still under way to the channel are refused. Dropping a
    /// channel again does nothing.
    package func dropChannel(_ channel: UInt32) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            guard !state.root.droppedChannels.contains(channel) else { return }
            try usingReserve(state) { () throws(StorageError) in
                try publish(state) { root in
                    root.droppedChannels.append(channel)
                    root.rangeTombstones.removeAll { $0.group.channel == channel }
                }
            }
            state.refusedChannels.insert(channel)
            writeStatus(state)
        }
    }
}
