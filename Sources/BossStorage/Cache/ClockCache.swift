import Synchronization

/// A bounded cache with the CLOCK policy and a two-bit counter: a hit raises the counter, the hand
/// lowers it and evicts at zero.
///
/// Values are immutable objects of immutable files, so no entry ever becomes stale and nothing is
/// invalidated. An evicted value lives on while a reader holds it.
package final class ClockCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var key: Key
        var value: Value
        var weight: Int
        var counter: UInt8
    }
    private struct Shard: Sendable {
        var slots: [Slot] = []
        var index: [Key: Int] = [:]
        var hand = 0
        var weight = 0
        var hits = 0
        var misses = 0
    }

    private let shards: [ShardBox]
    private let shardBudget: Int

    private final class ShardBox: Sendable {
        let state = Mutex(Shard())
    }

    /// A cache of at most `budget` units of weight.
    package init(budget: Int, shardCount: Int = 16) {
        shards = (0..<shardCount).map { _ in ShardBox() }
        shardBudget = budget / shardCount
    }

    private func shard(_ key: Key) -> ShardBox {
        shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
    }

    /// The value of a key, if it is held.
    package func value(_ key: Key) -> Value? {
        shard(key).state.withLock { shard in
            guard let position = shard.index[key] else {
                shard.misses += 1
                return nil
            }
            shard.hits += 1
            if shard.slots[position].counter < 3 { shard.slots[position].counter += 1 }
            return shard.slots[position].value
        }
    }

    /// Holds a value, unless it alone exceeds a shard's budget.
    package func insert(_ key: Key, _ value: Value, weight: Int) {
        guard weight <= shardBudget else { return }
        let evicted = shard(key).state.withLock { shard -> [Value] in
            guard shard.index[key] == nil else { return [] }
            let evicted = Self.makeRoom(in: &shard, for: weight, budget: shardBudget)
            shard.index[key] = shard.slots.count
            shard.slots.append(Slot(key: key, value: value, weight: weight, counter: 1))
            shard.weight += weight
            return evicted
        }
        // Released here, outside the lock.
        _ = evicted
    }

    private static func makeRoom(in shard: inout Shard, for weight: Int, budget: Int) -> [Value] {
        var evicted: [Value] = []
        while shard.weight + weight > budget, !shard.slots.isEmpty {
            if shard.hand >= shard.slots.count { shard.hand = 0 }
            if shard.slots[shard.hand].counter > 0 {
                shard.slots[shard.hand].counter -= 1
                shard.hand += 1
                continue
            }
            let victim = shard.slots[shard.hand]
            shard.index[victim.key] = nil
            let last = shard.slots.removeLast()
            if shard.hand < shard.slots.count {
                shard.slots[shard.hand] = last
                shard.index[last.key] = shard.hand
            }
            shard.weight -= victim.weight
            evicted.append(victim.value)
        }
        return evicted
    }

    /// Weight held, hits and misses since the start.
    package var counters: (weight: Int, hits: Int, misses: Int) {
        shards.reduce((0, 0, 0)) { sum, box in
            box.state.withLock { (sum.0 + $0.weight, sum.1 + $0.hits, sum.2 + $0.misses) }
        }
    }

    /// Lets go of everything.
    package func removeAll() {
        for box in shards { box.state.withLock { $0 = Shard() } }
    }
}
