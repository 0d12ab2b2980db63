import Foundation
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Many threads that commit at once, and what became of it.
enum CommitLoad {
    /// Runs a body on so many threads of their own and waits for all.
    static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let done = DispatchSemaphore(value: 0)
        for index in 0..<count {
            Thread {
                body(index)
                done.signal()
            }.start()
        }
        for _ in 0..<count { done.wait() }
    }

    struct Outcome {
        var errors: [String] = []
        /// What each thread was told is done.
        var acknowledged: [CuboidKey: PageChange] = [:]
        var attempted: [[CuboidKey: PageChange]] = []
    }

    /// Each thread commits cuboids of its own, two a batch.
    static func commit(
        _ engine: StorageEngine, threads: Int, commits: Int, bulkEvery: Int = .max
    ) -> Outcome {
        let outcome = Mutex(Outcome())
        onThreads(threads) { thread in
            let bricks = TestBricks(brickByteCount: 256)
            for number in 0..<commits {
                let changes = [0, 1].map { part in
                    let key = CuboidKey(UInt32(thread + 1), UInt64(number * 2 + part))
                    let base = UInt32(thread * 100_000 + number * 8 + part * 4 + 4)
                    return (key, PageChange.full((0..<4).map { BrickContent(number: base + $0) }))
                }
                outcome.withLock { $0.attempted.append(Dictionary(uniqueKeysWithValues: changes)) }
                do {
                    if number % bulkEvery == bulkEvery - 1 {
                        let bulk = try engine.beginBulk()
                        for (key, change) in changes {
                            try bulk.add(try bricks.page(key, change), dependsOnBase: false)
                        }
                        try bulk.commit()
                    } else {
                        var batch = WriteBatch(base: try engine.view())
                        for (key, change) in changes {
                            batch.put(try bricks.page(key, change), dependsOnBase: true)
                        }
                        try engine.commit(batch)
                    }
                    outcome.withLock { for (key, change) in changes { $0.acknowledged[key] = change } }
                } catch {
                    outcome.withLock { $0.errors.append("\(error)") }
                    return
                }
            }
        }
        return outcome.withLock { $0 }
    }

    static func expectAll(_ engine: StorageEngine, _ outcome: Outcome) throws {
        var state = ModelState()
        for (key, change) in outcome.acknowledged { state.apply(key, change) }
        let difference = try TestBricks(brickByteCount: 256).difference(
            engine, try engine.view(), state, keys: state.cuboids.keys)
        #expect(difference == nil)
    }
}

extension StorageEngine {
    /// The newest state, of a handle that writes.
    var publishedView: View { View(state: published.withLock { $0 }, leaves: leaves) }
}
