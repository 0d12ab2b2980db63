import BossStorage

/// Random keys and contents.
extension Simulation {
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    func randomKey() -> CuboidKey {
        let channel = channels.randomElement(using: &random) ?? 1
        return CuboidKey(
            channel, UInt64.random(in: 0..<configuration.codeCount, using: &random),
            time: UInt32.random(in: 0..<configuration.timeCount, using: &random))
    }

    /// Different keys, at most so many.
    func randomKeys(_ count: Int) -> [CuboidKey] {
        var keys: [CuboidKey] = []
        for _ in 0..<count {
            let key = randomKey()
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    /// Some cuboids, by group.
    func sampleGroups(_ count: Int) -> [(group: PageGroup, codes: [UInt64])] {
        randomKeys(count).map { ($0.group, [$0.morton]) }
    }

    /// A box of one group, sometimes all of it.
    func randomBox() -> ModelBox {
        let group = randomKey().group
        if chance(10) { return ModelBox(group, around: 0, .max >> 1) }
        return ModelBox(group, around: randomKey().morton, randomKey().morton)
    }

    func newContent() -> BrickContent {
        BrickContent(number: UInt32.random(in: 1..<1 << 20, using: &random))
    }

    /// A change that keeps chains of deltas at most 4 long.
    func newChange(over state: ModelState, _ key: CuboidKey, allowsDelta: Bool) -> PageChange {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .tombstone
        case 1, 2: return .constant(UInt8.random(in: 0...255, using: &random))
        case 3..<8 where allowsDelta && (state.cuboids[key]?.deltaCount ?? 0) < 4:
            var contents: [Int: BrickContent] = [:]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                contents[Int.random(in: 0..<PageChange.brickCount, using: &random)] = newContent()
            }
            return .delta(contents)
        default: return .full((0..<PageChange.brickCount).map { _ in newContent() })
        }
    }
}
