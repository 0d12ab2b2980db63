import BossStorage

/// Comparing what is shown with the model.
extension Simulation {
    /// Compares a view; a read that was made to fail says nothing.
    func compare(
        _ what: @autoclosure () -> String, _ process: Process, _ view: View, _ state: ModelState,
        _ groups: [(group: PageGroup, codes: [UInt64])]
    ) throws {
        let result = try attempt(what(), by: process.files) {
            try bricks.difference(process.engine, view, state, groups: groups)
        }
        if case .success(let difference?) = result { throw TestFailure("\(what()): \(difference)") }
    }

    /// A few cuboids, through each kind of handle.
    func compareSample() throws {
        if let writer { try compareWriter(writer, sampleGroups(3)) }
        if let index = readers.indices.randomElement(using: &random) {
            try compareReader(index, sampleGroups(2))
        }
        if let old = held.randomElement(using: &random) { try compareHeld(old, sampleGroups(2)) }
    }

    /// Everything, without failures.
    func compareEverything() throws {
        stopFailures(onlyErrors: true)
        if let writer {
            try compareWriter(writer, groups)
            try compareIndex(writer, history.newest.state)
            let dropped = groups(of: history.newest.state.droppedChannels.sorted().suffix(3))
            try compare("dropped channel", writer, try writer.engine.view(), ModelState(), dropped)
        }
        for index in readers.indices { try compareReader(index, groups) }
        for old in held { try compareHeld(old, groups) }
    }

    /// All of the writer's newest state, and of one view that is held.
    func compareWriterAndViews() throws {
        if let writer { try compareWriter(writer, groups) }
        if let old = held.randomElement(using: &random) { try compareHeld(old, groups) }
    }

    private func compareWriter(
        _ process: Process, _ groups: [(group: PageGroup, codes: [UInt64])]
    ) throws {
        let view = try process.engine.view()
        guard view.sequence == history.newest.sequence else {
            throw TestFailure("the writer is at \(view.sequence), not at \(history.newest.sequence)")
        }
        try compare("writer", process, view, history.newest.state, groups)
    }

    /// A reader shows a state that was acknowledged, and never an older one than before.
    func compareReader(_ index: Int, _ groups: [(group: PageGroup, codes: [UInt64])]) throws {
        let reader = readers[index]
        let process = reader.process
        let failures = machine.failureCount
        guard
            case .success(let view) = try attempt("reader", by: process.files, { try process.engine.view() })
        else { return }
        // A reader that cannot read what the writer tells stays where it is.
        let floor = machine.failureCount > failures ? reader.floor : max(reader.floor, publishedOrdinal)
        var differences: [String] = []
        // What was not acknowledged may be there as long as nobody has looked.
        for (number, entry) in (history.possible + history.entries(from: floor)).enumerated()
        where entry.sequence == view.sequence {
            let result = try attempt("reader", by: process.files) {
                try bricks.difference(process.engine, view, entry.state, groups: groups)
            }
            guard case .success(let difference) = result else { return }
            if let difference {
                differences.append(difference)
                continue
            }
            if number >= history.possible.count {
                readers[index].floor = history.newestOrdinal - (number - history.possible.count)
            }
            return
        }
        throw TestFailure(
            "a reader at \(view.sequence), the newest is \(history.newest.sequence), every reader must be past "
                + "\(history.newestOrdinal - floor) states ago: \(differences.joined(separator: "; "))")
    }

    func compareHeld(_ old: HeldView, _ groups: [(group: PageGroup, codes: [UInt64])]) throws {
        do {
            try compare(
                "view of commit \(old.entry.sequence)", old.process, old.view, old.entry.state, groups)
        } catch let failure as TestFailure {
            // An error is no wrong answer where the files may be gone.
            guard old.mayFail, failure.isError else { throw failure }
        }
    }

    /// What the index alone answers, for all groups.
    func compareIndex(_ process: Process, _ state: ModelState) throws {
        let view = try process.engine.view()
        for (group, codes) in groups {
            let written = codes.filter { state.cuboids[CuboidKey(group: group, morton: $0)] != nil }
            guard try view.writtenCodes(group, in: 0...UInt64.max) == written else {
                throw TestFailure("written codes of \(group) are not \(written)")
            }
            let newest = written.reduce(0) {
                max($0, state.cuboids[CuboidKey(group: group, morton: $1)]?.sequence ?? 0)
            }
            // Deletions of what was never written may be remembered, or not.
            let deletions = state.deletions.filter { $0.box.group == group }.map(\.sequence)
            let found = try view.commits(of: group)?.upperBound ?? 0
            guard found == newest || (found > newest && deletions.contains(found)) else {
                throw TestFailure("newest commit of \(group) is \(found), not \(newest)")
            }
            for page in try view.locate(group, codes: codes) {
                let key = CuboidKey(group: group, morton: page.morton)
                let expected = state.cuboids[key]
                let isDeletion = expected == nil && state.deletions(of: key).contains(page.newestSequence)
                guard page.newestSequence == expected?.sequence ?? 0 || isDeletion else {
                    throw TestFailure("newest commit of \(page.morton) is \(page.newestSequence)")
                }
                guard page.deltas.count <= expected?.deltaCount ?? 0 else {
                    throw TestFailure("\(page.deltas.count) deltas of \(page.morton)")
                }
            }
        }
    }
}
