import Synchronization

extension StorageEngine {
    /// Forgets all pages of a channel: one new root, no page is touched, whatever their number.
    ///
    /// Their space comes back when maintenance has gone over the segments. Commits that are still under way to the
    /// channel are refused. Dropping a channel again does nothing.
    package func dropChannel(_ channel: UInt32) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            guard !state.root.droppedChannels.contains(channel) else { return }
            try usingReserve(state) { () throws(StorageError) in
                try publish(state) { root in
                    root.droppedChannels.append(channel)
                    root.rangeTombstones.removeAll { $0.group.channel == channel }
                } taking: {
                    $0.memtable.remove(channel: channel)
                }
            }
            state.refusedChannels.insert(channel)
            writeStatus(state)
        }
    }
}
