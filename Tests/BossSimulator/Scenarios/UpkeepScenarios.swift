import BossStorage

/// Maintenance, deletions, snapshots and readers, interrupted.
extension CrashScenario {
    static let upkeep: [CrashScenario] = compactions + pasts

    /// Sizes with which there is always something to compact.
    private static let eagerOptions: StorageOptions = {
        var options = sealingOptions
        options.levelZeroLimit = 1
        options.smallSegmentLimit = 2
        options.overlapLimit = 2
        options.spaceSlackByteCount = 2 << 30
        options.compactionRate = 0
        return options
    }()

    private static let shardOptions: StorageOptions = {
        var options = eagerOptions
        options.rootSegmentLimit = 4
        options.shardSegmentLimit = 2
        return options
    }()

    private static let noteOptions: StorageOptions = {
        var options = eagerOptions
        options.rootNoteLimit = 2
        return options
    }()

    private static let tightOptions: StorageOptions = {
        var options = eagerOptions
        options.spaceSlackByteCount = 0
        return options
    }()

    private static let compactions: [CrashScenario] = [
        CrashScenario(name: "compaction", options: eagerOptions, prepare: overlapping) { session in
            try session.open()
            try session.compact()
            try session.commit([(CuboidKey(1, 1), session.full())])
            try session.close()
        },
        CrashScenario(name: "history gives way to space", options: tightOptions, prepare: overlapping) {
            session in
            session.forgetHistory()
            try session.open()
            try session.maintain()
            try session.commit([(CuboidKey(1, 1), session.full())])
        },
        CrashScenario(name: "segment of a dropped channel", options: eagerOptions, prepare: overlapping) {
            session in
            try session.open()
            try session.bulk([(CuboidKey(5, 0), session.full()), (CuboidKey(5, 1), session.full())])
            try session.drop(channel: 5)
            try session.maintain()
            try session.drop(channel: 2)
            try session.maintain()
        },
        CrashScenario(name: "fold of a delta chain", options: eagerOptions, prepare: chained) { session in
            try session.open()
            try session.setRetention(0)
            try session.compact()
            try session.commit([(CuboidKey(1, 0), .delta([2: session.content()]))])
        },
        CrashScenario(name: "move of a lonely log", options: smallOptions, prepare: created) { session in
            try session.open()
            try session.commit([(CuboidKey(1, 0), session.full())])
            try session.checkpoint()
            try session.maintain()
            try session.commit([(CuboidKey(1, 0), .delta([0: session.content()]))])
        },
        CrashScenario(name: "move of notes", options: noteOptions, prepare: created) { session in
            try session.open()
            for code in UInt64(0)..<4 { try session.bulk([(CuboidKey(1, code), session.full())]) }
            try session.maintain()
            for code in UInt64(3)..<6 { try session.bulk([(CuboidKey(1, code), session.full())]) }
            try session.commit([(CuboidKey(1, 1), session.full())])
            try session.maintain()
            try session.close()
        },
        CrashScenario(name: "move to shards", options: shardOptions, prepare: committed) { session in
            try session.open()
            for code in UInt64(0)..<9 { try session.bulk([(CuboidKey(1, code), session.full())]) }
            try session.maintain()
            for code in UInt64(3)..<6 { try session.bulk([(CuboidKey(1, code), session.full())]) }
            try session.setRetention(0)
            try session.maintain()
            try session.close()
        },
    ]

    private static let pasts: [CrashScenario] = [
        CrashScenario(name: "delete box", options: eagerOptions, prepare: overlapping) { session in
            let group = CuboidKey(1, 0).group
            try session.open()
            try session.commit([(CuboidKey(1, 3), session.full())])
            try session.delete(ModelBox(group, around: 0, 3), then: [(CuboidKey(1, 2), session.full())])
            try session.delete(
                ModelBox(group, around: 1, 2),
                then: [(CuboidKey(1, 1), .delta([1: session.content()]))])
            try session.compact()
            try session.setRetention(0)
            try session.compact()
        },
        CrashScenario(name: "snapshots", options: eagerOptions, prepare: overlapping) { session in
            try session.open()
            try session.createSnapshot("first", at: 2)
            try session.createSnapshot("newest")
            try session.setRetention(0)
            try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(1, 1), .tombstone)])
            try session.compact()
            try session.dropSnapshot("first")
            try session.compact()
        },
        CrashScenario(name: "no history", options: tightOptions, prepare: overlapping) { session in
            try session.open()
            try session.setRetention(0)
            for code in UInt64(0)..<3 {
                try session.commit([(CuboidKey(1, code), session.full())])
                try session.checkpoint()
                try session.maintain()
            }
        },
        CrashScenario(
            name: "reader across a compaction", options: eagerOptions, hasReader: true, prepare: overlapping
        ) { session in
            try session.open()
            try session.readAcross {
                try session.setRetention(0)
                try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(2, 0), session.full())])
                try session.compact()
                try session.maintain()
            }
            try session.maintain()
        },
    ]

    /// Logs and loads that overlap one another.
    @Sendable private static func overlapping(_ session: Session) throws {
        try committed(session)
        try session.open()
        for round in 0..<3 {
            try session.commit([
                (CuboidKey(1, 0), session.full()), (CuboidKey(1, UInt64(round)), session.full()),
                (CuboidKey(2, UInt64(3 - round)), .constant(UInt8(round + 1))),
            ])
            try session.checkpoint()
            try session.bulk([(CuboidKey(1, 1), session.full()), (CuboidKey(2, 2), session.full())])
        }
        try session.close()
    }

    @Sendable private static func chained(_ session: Session) throws {
        try committed(session)
        try session.open()
        for brick in 0..<3 {
            // Each covers a brick of the one before.
            try session.commit([
                (CuboidKey(1, 0), .delta([brick: session.content(), brick + 1: session.content()]))
            ])
            try session.checkpoint()
        }
        try session.close()
    }
}
