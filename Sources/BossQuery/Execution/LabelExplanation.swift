import BossDatabase
import BossGeometry
import BossVoxels

/// Steps of questions about labels: what is asked, and what is left to scan.
extension StatementExecutor {
    /// The steps of FIND IDS and COUNT VOXELS … BY ID.
    ///
    /// - Parameter condition: which IDs are asked for.
    mutating func labelSteps(
        _ path: PathSyntax, _ region: RegionSyntax, where condition: Expression?, _ node: String,
        _ detail: String
    ) throws(DatabaseError) -> [PlanStep] {
        let ids = try condition.map { (condition) throws(DatabaseError) in
            try ValueCondition(condition, names: ["id", "value"], executor: self).ids
        }
        let bound = try bindRows(region, of: source(path))
        return labelSteps(bound, ids ?? .all) + [PlanStep(node: node, detail: detail)]
    }

    /// The steps of COUNT VOXELS: labels tell, unless background is counted.
    mutating func countSteps(_ query: CountVoxels) throws(DatabaseError) -> [PlanStep] {
        let channel = try source(query.path)
        let ids = try query.condition.map { (condition) throws(DatabaseError) in
            try ValueCondition(condition, names: ["id", "value"], executor: self).ids
        }
        let isLabelled = ids.map { !$0.contains(channel.backgroundBits) } ?? false
        guard channel.isAnnotation, query.groupsByID || isLabelled else {
            let bound = try bindRows(query.region, of: channel)
            return readSteps(bound, "scan bricks") + [
                PlanStep(node: "count voxels", detail: "by distinct value")
            ]
        }
        return try labelSteps(
            query.path, query.region, where: query.condition, "count voxels", "sum of their parts")
    }

    mutating func boundingBoxSteps(_ query: BoundingBoxQuery) throws(DatabaseError) -> [PlanStep] {
        var ids: [UInt64] = []
        for scalar in query.ids { ids.append(try unsigned(scalar)) }
        let bound = try bindRows(query.region, of: source(query.path))
        return labelSteps(bound, IDCondition(ids: ids)) + [
            PlanStep(node: "bounding boxes of \(query.ids.count) IDs", detail: "union of their parts")
        ]
    }

    /// The steps that find labels in a region.
    ///
    /// - Parameter asWholes: objects are told as wholes, so that no region cuts them.
    func labelSteps(_ bound: BoundRegion, _ ids: IDCondition, asWholes: Bool = false) -> [PlanStep] {
        var steps = readSteps(bound, "scan rim")
        let index =
            ids == .all
            ? PlanStep(node: "label summaries", detail: "of the region's cuboids")
            : PlanStep(
                node: "label index", detail: "cuboids of ID \(ids); all summaries where these are fewer")
        steps.insert(index, at: steps.count - 1)
        let rim = asWholes ? 0 : rimVoxelCount(bound)
        steps[steps.count - 1].byteCount =
            UInt64(clamping: rim) &* UInt64(bound.time.count * bound.channel.voxelType.byteCount)
        steps[steps.count - 1].detail =
            rim == 0
            ? "none: \(asWholes ? "objects are told as wholes" : "the region cuts no cuboid")"
            : "bricks of cut cuboids with labels that cross the region's border"
        return steps
    }

    /// Voxels of the region in cuboids that lie only partly in it.
    private func rimVoxelCount(_ bound: BoundRegion) -> Int {
        guard let box = bound.inside else { return 0 }
        let (frame, cuboid) = (bound.channel.box(at: bound.level), bound.channel.grid.cuboid)
        var whole = 1
        for axis in SpatialAxis.allCases {
            let range = box[axis]
            let length = cuboid[axis]
            let start =
                range.lowerBound == frame[axis].lowerBound
                ? range.lowerBound : (range.lowerBound + length - 1) / length * length
            let end =
                range.upperBound == frame[axis].upperBound
                ? range.upperBound : range.upperBound / length * length
            whole *= max(0, end - start)
        }
        return box.voxelCount - whole
    }
}
