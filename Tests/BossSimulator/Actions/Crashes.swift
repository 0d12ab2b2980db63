import BossStorage

extension Action {
    static let crashes = [cutPower, crashSoon]

    /// Between two operations, where nothing is in doubt.
    private static let cutPower = Action(name: "cut power", weight: 2) { simulation in
        try simulation.cutPower()
    }

    /// Within one of the next operations of the file system, the whole machine or one process alone.
    private static let crashSoon = Action(name: "crash soon", weight: 5, isCalm: false) { simulation in
        guard simulation.failureWindow == nil else { return }
        var plan = FaultPlan.crashAtOperation(Int.random(in: 1...25, using: &simulation.random))
        plan.endsProcessOnly = simulation.chance(30)
        simulation.note(
            "at operation \(plan.crashOrdinal ?? 0)\(plan.endsProcessOnly ? " of a process" : "")")
        simulation.machine.setFaults(plan)
        simulation.failureWindow = 12
    }
}
