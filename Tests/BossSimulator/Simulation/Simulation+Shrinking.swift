/// Fewer operations that fail too.
extension Simulation {
    /// Leaves out operations of a failing run as long as it goes on failing.
    ///
    /// - Parameter attempts: how many shorter runs are tried.
    /// - Returns: the failure of the shortest run found, and the numbers of its operations.
    package static func shrunk(
        _ failure: SimulationFailure, attempts: Int
    ) -> (failure: SimulationFailure, operations: [Int])? {
        var best = failure
        var kept = Array(0...failure.operation)
        var attemptsLeft = attempts
        func fails(_ candidate: [Int]) -> SimulationFailure? {
            attemptsLeft -= 1
            let skips = Set(0...failure.operation).subtracting(candidate)
            let simulation = Simulation(seed: failure.seed, operationCount: failure.operation + 1)
            do { try simulation.run(skipping: skips) } catch { return error as? SimulationFailure }
            return nil
        }
        guard fails(kept) != nil else { return nil }
        var size = max(1, kept.count / 2)
        while attemptsLeft > 0 {
            var start = 0
            var hasShrunk = false
            while start < kept.count, attemptsLeft > 0 {
                let end = min(start + size, kept.count)
                let candidate = Array(kept[..<start] + kept[end...])
                if !candidate.isEmpty, let found = fails(candidate) {
                    kept = candidate.filter { $0 <= found.operation }
                    best = found
                    hasShrunk = true
                } else {
                    start = end
                }
            }
            if size == 1, !hasShrunk { break }
            size = max(1, size / 2)
        }
        return (best, kept)
    }
}
