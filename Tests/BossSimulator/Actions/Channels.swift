import BossStorage

extension Action {
    static let channels = [dropChannel]

    private static let dropChannel = Action(name: "drop channel", weight: 1) { simulation in
        let index = Int.random(in: 0..<simulation.channels.count, using: &simulation.random)
        let channel = simulation.channels[index]
        simulation.batches.removeAll { $0.changes.contains { $0.key.group.channel == channel } }
        simulation.bulks.removeAll { $0.changes.contains { $0.key.group.channel == channel } }
        simulation.batches.removeAll { $0.reads.contains { $0.group.channel == channel } }
        simulation.batches.removeAll { $0.deletions.contains { $0.group.channel == channel } }
        simulation.bulks.removeAll { $0.reads.contains { $0.group.channel == channel } }
        var next = simulation.history.newest
        next.state.drop(channel: channel)
        simulation.note("channel \(channel)")
        let result = try simulation.change("drop of channel \(channel)", to: next) { engine in
            try engine.dropChannel(channel)
            return next.sequence
        }
        if case .success = result { simulation.retireChannels([channel]) }
    }
}

extension Simulation {
    /// Writes to others from now on.
    func retireChannels(_ retired: Set<UInt32>) {
        for index in channels.indices where retired.contains(channels[index]) {
            channels[index] = lastChannel + 1
            lastChannel += 1
        }
    }

    /// Channels that are dropped, or may be.
    var doubtfulChannels: Set<UInt32> {
        history.legal.reduce(into: []) { $0.formUnion($1.state.droppedChannels) }
    }
}
