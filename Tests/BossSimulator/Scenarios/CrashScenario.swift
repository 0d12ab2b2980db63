import BossStorage

/// A piece of work that is interrupted at each of its operations in turn.
struct CrashScenario: Sendable {
    let name: String
    var options = CrashScenario.smallOptions
    var quotaByteCount: Int?
    /// Whether a reader is at work, which may go without a lease where something fails.
    var hasReader = false
    /// Done once, without failures. What it leaves open stays unclosed, as after a kill.
    var prepare: @Sendable (Session) throws -> Void = { _ in }
    let run: @Sendable (Session) throws -> Void

    static let smallOptions: StorageOptions = {
        var options = StorageOptions()
        options.logByteCount = 256 << 10
        options.bulkSegmentByteCount = 8 << 10
        options.reserveByteCount = 32 << 10
        options.poolByteCount = 1 << 20
        options.directoryCacheByteCount = 1 << 20
        options.bootIdentifier = 1
        // What is left over is looked for at every open.
        options.sweptShardLimit = .max
        return options
    }()

    static let sealingOptions: StorageOptions = {
        var options = smallOptions
        options.logByteCount = 20 << 10
        return options
    }()
}

extension CrashScenario {
    static let all: [CrashScenario] = small + logs + segments + upkeep

    private static let small: [CrashScenario] = [
        CrashScenario(name: "create") { session in
            try session.open()
            try session.close()
        },
        CrashScenario(name: "first commit") { session in
            try session.open()
            try session.commit([(CuboidKey(1, 0), session.full())])
        },
        CrashScenario(name: "several commits", prepare: created) { session in
            try session.open()
            for code in UInt64(0)..<5 {
                try session.commit([
                    (CuboidKey(1, code), session.full()),
                    (CuboidKey(2, code / 2), .constant(UInt8(code + 1))),
                ])
            }
            try session.commit([(CuboidKey(1, 1), .tombstone), (CuboidKey(2, 9, time: 3), session.full())])
        },
        CrashScenario(name: "delta chain", prepare: committed) { session in
            try session.open()
            for brick in 0..<4 {
                try session.commit([
                    (CuboidKey(1, 0), .delta([brick: session.content(), 3 - brick: session.content()]))
                ])
            }
            try session.commit([
                (CuboidKey(1, 0), session.full()), (CuboidKey(1, 1), .delta([2: session.content()])),
            ])
        },
        CrashScenario(name: "abandoned work between commits", prepare: committed) { session in
            try session.open()
            try session.bulk([(CuboidKey(1, 0), session.full())], aborts: true)
            try session.commit([(CuboidKey(1, 0), session.full())])
            try session.bulk([(CuboidKey(1, 1), session.full())], aborts: true)
            try session.close()
        },
        CrashScenario(name: "close", prepare: committed) { session in
            try session.open()
            try session.commit([(CuboidKey(1, 7), session.full())])
            try session.commit([(CuboidKey(1, 8), session.full())])
            try session.close()
        },
    ]

    private static let logs: [CrashScenario] = [
        CrashScenario(name: "log seal", options: sealingOptions, prepare: created) { session in
            try session.open()
            for code in UInt64(0)..<6 {
                try session.commit([
                    (CuboidKey(1, code % 4), session.full()), (CuboidKey(2, code), session.full()),
                ])
            }
        },
        CrashScenario(name: "checkpoint", prepare: committed) { session in
            try session.open()
            try session.checkpoint()
            try session.commit([(CuboidKey(1, 1), session.full())])
            try session.checkpoint()
            try session.commit([(CuboidKey(1, 2), .delta([1: session.content()]))])
            try session.close()
        },
        CrashScenario(name: "recovery", prepare: killed) { session in
            try session.open()
            try session.commit([(CuboidKey(1, 2), session.full())])
            try session.close()
        },
        CrashScenario(name: "recovery after recovery", prepare: killed) { session in
            try session.open()
            session.kill()
            try session.open()
            try session.commit([(CuboidKey(1, 2), .delta([0: session.content()]))])
            session.kill()
            try session.open()
            try session.checkpoint()
        },
        CrashScenario(name: "reopen after close", prepare: committed) { session in
            for code in UInt64(0)..<3 {
                try session.open()
                try session.commit([(CuboidKey(1, code), session.full())])
                try session.close()
            }
            try session.open()
            try session.close()
        },
    ]

    private static let segments: [CrashScenario] = [
        CrashScenario(name: "bulk commit of several files", prepare: committed) { session in
            try session.open()
            try session.bulk((0..<12).map { (CuboidKey(1 + UInt32($0 % 2), UInt64($0)), session.full()) })
            try session.bulk([(CuboidKey(1, 3), .constant(9)), (CuboidKey(1, 4), .tombstone)])
        },
        CrashScenario(name: "bulk commit after log writes", prepare: created) { session in
            try session.open()
            try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(1, 1), session.full())])
            try session.bulk([(CuboidKey(1, 0), session.full()), (CuboidKey(2, 5), session.full())])
            try session.commit([
                (CuboidKey(1, 0), .delta([3: session.content()])), (CuboidKey(2, 5), .constant(3)),
            ])
            try session.close()
        },
        CrashScenario(name: "drop channel", prepare: committed) { session in
            try session.open()
            try session.bulk([(CuboidKey(3, 0), session.full()), (CuboidKey(3, 1), session.full())])
            try session.bulk([(CuboidKey(2, 0), session.full()), (CuboidKey(3, 2), session.full())])
            try session.drop(channel: 3)
            try session.commit([(CuboidKey(2, 1), session.full())])
            try session.drop(channel: 1)
            try session.close()
        },
        CrashScenario(name: "many roots", prepare: committed) { session in
            try session.open()
            for code in UInt64(0)..<7 { try session.bulk([(CuboidKey(1, code % 3), session.full())]) }
            try session.close()
        },
        CrashScenario(name: "full disk", options: sealingOptions, quotaByteCount: 110 << 10, prepare: created)
        {
            session in
            session.continuesAfterErrors = true
            session.isRefusedWhenFull = true
            try session.open()
            for code in UInt64(0)..<8 {
                try session.commit([
                    (CuboidKey(1, code), session.full()), (CuboidKey(2, code), session.full()),
                ])
                try session.bulk([
                    (CuboidKey(2, code + 20), session.full()), (CuboidKey(1, code), session.full()),
                ])
                if session.files.isDead { return }
            }
            try session.close()
        },
        // The reserve is given up for deletions and maintenance, and made again.
        CrashScenario(
            name: "deletions on a full disk", options: sealingOptions, quotaByteCount: 120 << 10,
            prepare: created
        ) { session in
            session.isRefusedWhenFull = true
            // The history gives way on a full disk.
            session.forgetHistory()
            try session.open()
            for round in UInt64(0)..<2 {
                session.continuesAfterErrors = true
                let before = session.errors.count
                for code in UInt64(0)..<40 where session.errors.count == before {
                    try session.bulk((0..<4).map { (CuboidKey(1, code * 4 + $0), session.full()) })
                    if session.files.isDead { return }
                    try session.commit([(CuboidKey(2 + UInt32(round), code), session.full())])
                    if session.files.isDead { return }
                }
                session.continuesAfterErrors = false
                try session.commit((0..<16).map { (CuboidKey(1, $0), .tombstone) })
                try session.drop(channel: UInt32(2 + round))
                for _ in 0..<200 where try session.engine?.maintain() == nil { break }
            }
            try session.close()
        },
        // There is no room for a copy of the log.
        CrashScenario(
            name: "recovery of a long log on a full disk", quotaByteCount: 160 << 10, prepare: longLog
        ) { session in
            session.forgetHistory()
            try session.open()
            try session.delete(channel: 1, 0..<32)
            try session.drop(channel: 2)
            for _ in 0..<200 where try session.engine?.maintain() == nil { break }
            try session.commit([(CuboidKey(3, 1), session.full())])
            try session.close()
        },
    ]

    @Sendable static func longLog(_ session: Session) throws {
        try session.open()
        for code in UInt64(0)..<32 { try session.commit([(CuboidKey(1, code), session.full())]) }
        try session.commit([(CuboidKey(2, 0), session.full()), (CuboidKey(3, 0), session.full())])
    }

    @Sendable static func created(_ session: Session) throws {
        try session.open()
        try session.close()
    }

    @Sendable static func committed(_ session: Session) throws {
        try session.open()
        for code in UInt64(0)..<3 {
            try session.commit([(CuboidKey(1, code), session.full()), (CuboidKey(2, code), session.full())])
        }
        try session.close()
    }

    @Sendable private static func killed(_ session: Session) throws {
        try committed(session)
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full())])
        try session.commit([
            (CuboidKey(2, 1), .delta([1: session.content()])), (CuboidKey(2, 7), session.full()),
        ])
    }
}
