/// What a power loss leaves.
extension SimulatedState {
    /// A copy of the machine that runs on: names and content, durable or not, but no open files and no locks.
    func copied(faults plan: FaultPlan) -> SimulatedState {
        var copy = self
        copy.faults = FaultCounter(plan: plan)
        copy.locks = [:]
        copy.trace = nil
        copy.isDead = false
        copy.endedOwners = []
        for index in copy.inodes.indices {
            copy.inodes[index].openCount = 0
            copy.inodes[index].freeIfUnreachable()
        }
        return copy
    }

    /// A legal after-image: durable state, and of the rest what `damageSeed` says.
    func crashed(damageSeed: UInt64, mode: DamageMode, faults plan: FaultPlan) -> SimulatedState {
        var damage = CrashDamage(seed: damageSeed, mode: mode)
        var image = SimulatedState(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ damageSeed, faults: plan)
        image.advance(microseconds - image.microseconds)
        image.names = names
        image.names.settle { damage.keeps() }
        // Numbers ascend as before: the same seed must always meet the same file.
        var newNumbers: [Int: Int] = [:]
        for number in image.names.durableInodes {
            newNumbers[number] = image.inodes.count
            var inode = SimulatedInode()
            inode.durable = damage.afterImage(of: inodes[number])
            inode.visible = inode.durable
            image.inodes.append(inode)
        }
        image.names.renumber { newNumbers[$0] }
        return image
    }
}

/// The choices of one crash.
struct CrashDamage {
    private enum Policy {
        case dropAll, keepAll, random
    }

    private let policy: Policy
    private let mode: DamageMode
    /// Chance of a change to be kept whole; differs by crash, so that nearly all and nearly none occur too.
    private let keepPercent: Int
    private var random: SimulatedRandom

    /// - Parameter seed: 0 drops everything unsynced, 1 keeps everything.
    init(seed: UInt64, mode: DamageMode) {
        policy = seed == 0 ? .dropAll : seed == 1 ? .keepAll : .random
        self.mode = mode
        random = SimulatedRandom(seed: seed)
        keepPercent = [10, 35, 65, 90][random.below(4)]
    }

    /// Whether a change of names is kept.
    mutating func keeps() -> Bool {
        switch policy {
        case .dropAll: false
        case .keepAll: true
        case .random: random.chance(keepPercent)
        }
    }

    /// The content of a file after the crash.
    mutating func afterImage(of inode: SimulatedInode) -> SimulatedContent {
        var content = inode.durable
        guard policy != .dropAll, !inode.unsynced.isEmpty else { return content }
        if policy == .keepAll {
            for change in inode.unsynced { content.apply(change) }
            return content
        }
        if random.chance(30) { extendWithoutContent(&content, inode.unsynced) }
        // In order: two writes of one sector cannot reach the disk the other way round, since the cache holds
        // only the newer one. Dropping earlier ones gives every other order.
        for change in inode.unsynced {
            guard !random.chance(keepPercent) else {
                content.apply(change)
                continue
            }
            if case .write(let offset, let bytes) = change, random.chance(50) {
                tear(bytes, at: offset, into: &content)
            }
        }
        return content
    }

    /// The new length reached the disk before the bytes: the gap is zeros, or what lay there before.
    private mutating func extendWithoutContent(_ content: inout SimulatedContent, _ changes: [ContentChange])
    {
        let end = changes[random.below(changes.count)].end
        let start = content.byteCount
        guard end > start else { return }
        let limit = 1 << 20  // a large gap is garbage only in its first MiB
        if random.chance(50) {
            let garbage = randomBytes(min(end - start, limit))
            garbage.withUnsafeBytes { content.write($0, at: start) }
        }
        content.setByteCount(end)
    }

    private mutating func randomBytes(_ count: Int) -> [UInt8] {
        // All empty arrays share their storage, to which this would write.
        if count == 0 { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var offset = 0
            while offset < count {
                withUnsafeBytes(of: random.next()) { word in
                    let piece = min(8, count - offset)
                    UnsafeMutableRawBufferPointer(rebasing: raw[offset..<offset + piece])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<piece]))
                }
                offset += 8
            }
            initialized = count
        }
    }

    /// Applies a part of a write: a prefix, a suffix, some of the sectors or all but one.
    private mutating func tear(_ bytes: [UInt8], at offset: Int, into content: inout SimulatedContent) {
        let step = mode == .byte ? 1 : Self.sectorByteCount
        let firstCut = (offset / step + 1) * step
        let end = offset + bytes.count
        guard firstCut < end else { return }  // one sector is written whole or not at all
        let cut = firstCut + random.below((end - firstCut + step - 1) / step) * step
        bytes.withUnsafeBytes { source in
            func apply(_ range: Range<Int>) {
                content.write(
                    UnsafeRawBufferPointer(
                        rebasing: source[range.lowerBound - offset..<range.upperBound - offset]),
                    at: range.lowerBound)
            }
            switch random.below(4) {
            case 0: apply(offset..<cut)
            case 1: apply(cut..<end)
            case 2:
                // What is lost in the middle is the hardest to notice.
                apply(offset..<cut)
                let next = min(end, (cut / Self.sectorByteCount + 1) * Self.sectorByteCount)
                apply(next..<end)
            default:
                var start = offset
                while start < end {
                    let next = min(end, (start / Self.sectorByteCount + 1) * Self.sectorByteCount)
                    if random.chance(50) { apply(start..<next) }
                    start = next
                }
            }
        }
    }

    private static let sectorByteCount = 512
}
