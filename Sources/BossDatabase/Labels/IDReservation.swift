import BossGeometry
import BossStorage
import BossVoxels

/// IDs that were given out together.
public struct ReservedIDs: Hashable, Sendable {
    /// The first one.
    public let start: UInt64
    /// How many there are, one after the other.
    public let count: UInt64
}

extension Channel {
    /// Gives out IDs that the channel does not hold and that were never given out before.
    ///
    /// What was given out is a page of the channel that holds no voxels. It is written by a commit of its own, whatever
    /// transaction is open, and nothing takes it back: no rollback, no RESTORE, no end of the process. The newest state
    /// counts, also beside a transaction or a snapshot that reads an older one.
    ///
    /// - Parameter count: how many, at least one.
    /// - Returns: the IDs, above every label of the channel and every ID given out before; durable when it returns.
    /// - Throws: 22023 for none, 22V08 for an image channel, 22003 when the channel's type has no more, 25006 on a
    ///   read-only handle, 42P01 when the channel was dropped meanwhile, 53100.
    public func reserveIDs(
        _ count: UInt64, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> ReservedIDs {
        if database.isReadOnly { throw DatabaseError(StorageError.readOnly) }
        guard isAnnotation else {
            throw DatabaseError(
                "22V08", "\(path) is an image channel, so its voxels are no IDs",
                hint: "reserve IDs in an annotation channel")
        }
        guard count > 0 else {
            throw DatabaseError("22023", "0 IDs cannot be reserved", hint: "RESERVE 1 IDS IN \(path)")
        }
        // One after the other: who comes second starts from what the first has written.
        let turn = database.writeTurns.turn(channel: layout.channel, cuboid: CuboidIndex(x: 0, y: 0, z: 0))
        return try turn.taken { () throws(DatabaseError) in
            while true {
                try control.cancellation.check()
                do throws(DatabaseError) { return try reserveNext(count, control) } catch {
                    guard error.sqlState == "40001" else { throw error }
                }
            }
        }
    }

    private func reserveNext(
        _ count: UInt64, _ control: OperationControl
    ) throws(DatabaseError) -> ReservedIDs {
        let view = try database.view()
        let given = try lastReservedID(in: view)
        let used = try largestID(view: view, control: control)
        let ids = try next(count, after: max(given, used))
        var batch = WriteBatch(base: view.view)
        let bytes = withUnsafeBytes(of: (ids.start + (count - 1)).littleEndian) { [UInt8]($0) }
        batch.put(.bytes(bytes, key: layout.reservedIDs), dependsOnBase: true)
        batch.note.action = "RESERVE \(count) IDS IN \(path)"
        do throws(StorageError) { try database.engine.commit(batch) } catch {
            throw DatabaseError(error, committingTo: [layout.channel: path])
        }
        return ids
    }

    /// The largest ID that was given out, 0 before the first.
    private func lastReservedID(in view: DatabaseView) throws(DatabaseError) -> UInt64 {
        let stored = try mappingErrors { () throws(StorageError) in
            try database.engine.bytes(of: layout.reservedIDs, in: view.view)
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetReservedIDs) { return 0 }
        #endif
        guard let stored else { return 0 }
        guard stored.count == 8 else {
            throw DatabaseError("XX001", "the reserved IDs of \(path) have \(stored.count) bytes, not 8")
        }
        return stored.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    }

    /// The first IDs above one, past the background if that is among them.
    private func next(_ count: UInt64, after last: UInt64) throws(DatabaseError) -> ReservedIDs {
        let largest = UInt64.max >> UInt64(64 - 8 * voxelType.byteCount)
        func end(of start: UInt64) -> UInt64? {
            let (end, overflow) = start.addingReportingOverflow(count - 1)
            return overflow || end > largest ? nil : end
        }
        var start = last &+ 1
        if last < largest, let end = end(of: start), start...end ~= layout.backgroundBits {
            start = layout.backgroundBits &+ 1
        }
        guard last < largest, start > 0, end(of: start) != nil else {
            throw DatabaseError(
                "22003", "\(path) has no \(count) IDs left above \(last)",
                hint: "its IDs go up to \(largest)")
        }
        return ReservedIDs(start: start, count: count)
    }
}

extension ChannelLayout {
    /// The page that holds the largest ID that was given out, 8 bytes, little-endian.
    fileprivate var reservedIDs: CuboidKey {
        let group = PageGroup(channel: channel, resolution: ReservedResolution.identifiers, time: 0)
        return CuboidKey(group: group, morton: 0)
    }
}
