import BossDatabase
import BossGeometry

/// Steps of statements that read or change voxels by a condition.
extension StatementExecutor {
    /// The steps of a volume query.
    mutating func steps(of query: VolumeQuery) throws(DatabaseError) -> [PlanStep] {
        let bound = try bind(query)
        var steps: [PlanStep] = []
        for channel in bound.channels {
            let isFirst = steps.isEmpty
            steps += readSteps(bound.region.of(channel), "read bricks").map { step in
                var step = step
                step.isReading = step.isReading && isFirst
                return step
            }
        }
        switch bound.content {
        case .voxels(.stored): break
        case .voxels(let reading):
            steps.append(
                PlanStep(
                    node: reading.isMask ? "test voxels" : "filter voxels",
                    detail: "once a label of a brick, or a run of equal voxels"))
        case .masked(let mask):
            steps.append(
                PlanStep(
                    node: "filter voxels",
                    detail: "by a mask; cuboids where it holds nowhere are not read (\(mask.summary))"))
        case .computed(let computation):
            steps.append(PlanStep(node: "evaluate voxels", detail: computation.summary))
        }
        if let projection = query.projection {
            steps.append(
                PlanStep(
                    node: "project",
                    detail: "\(projection.function.value.rawValue) along "
                        + projection.axes.map(\.value.rawValue).joined(separator: ", ")
                        + ", part by part on all cores"))
        }
        return steps + [
            PlanStep(node: "assemble \(query.artifact.value.rawValue)", detail: "each voxel copied once")
        ]
    }

    /// The steps of UPDATE CUTOUT, DELETE CUTOUT … WHERE and SPLIT ID.
    mutating func changeSteps(
        _ path: PathSyntax, _ region: RegionSyntax
    ) throws(DatabaseError) -> [PlanStep] {
        let bound = try bind(region, of: channel(path), forWriting: true)
        var change = PlanStep(
            node: "change voxels", detail: "bricks without a voxel that changes are not written")
        change.isReading = true
        return readSteps(bound, "read bricks").map { step in
            var step = step
            step.isReading = false
            return step
        } + [change]
    }

    /// The only step of RESERVE IDS.
    func reservationSteps(_ path: PathSyntax) throws(DatabaseError) -> [PlanStep] {
        var step = PlanStep(
            node: "reserve IDs", detail: "of \(try channel(path).path), in a commit of its own")
        step.isReading = true
        return [step]
    }
}
