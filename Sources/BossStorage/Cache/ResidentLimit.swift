import Synchronization

/// Something that can be let go of and had again.
protocol Evictable: AnyObject, Sendable {
    /// Whether it was used since the last call.
    func takeUse() -> Bool
    /// Lets go of it; whoever uses it just now keeps it alive.
    func evict()
}

/// Bounds how much of some kind is held at a time: beyond the limit, what was not used lately is let go of.
///
/// It holds nothing alive itself. The CLOCK policy: a hand goes round, passes over what was used since its last visit,
/// and takes the others.
final class ResidentLimit: Sendable {
    private struct Slot: Sendable {
        weak var element: (any Evictable)?
        let weight: Int
    }
    private struct State: Sendable {
        var slots: [Slot] = []
        var hand = 0
        var weight = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Counts an element that is held from now on, and evicts others if need be; each element is added again only
    /// after it was evicted.
    func add(_ element: any Evictable, weight: Int) {
        let victims = state.withLock { state in
            let victims = Self.makeRoom(in: &state, for: weight, limit: limit)
            state.slots.append(Slot(element: element, weight: weight))
            state.weight += weight
            return victims
        }
        for victim in victims { victim.evict() }
    }

    private static func makeRoom(in state: inout State, for weight: Int, limit: Int) -> [any Evictable] {
        var victims: [any Evictable] = []
        while state.weight + weight > limit, !state.slots.isEmpty {
            if state.hand >= state.slots.count { state.hand = 0 }
            let slot = state.slots[state.hand]
            if let element = slot.element {
                if element.takeUse() {
                    state.hand += 1
                    continue
                }
                victims.append(element)
            }
            state.weight -= slot.weight
            state.slots.swapAt(state.hand, state.slots.count - 1)
            state.slots.removeLast()
        }
        return victims
    }
}
