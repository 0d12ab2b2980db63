import BossDatabase
import BossGeometry

/// UPDATE CUTOUT, DELETE CUTOUT … WHERE and SPLIT ID: voxels that get a new value by the one they have.
extension StatementExecutor {
    /// Runs UPDATE CUTOUT.
    mutating func updateCutout(_ update: UpdateCutout) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(update.position)
        let channel = try channel(update.path)
        if update.target.value == .id { try requireAnnotation(channel, update.target.position) }
        let bits = try voxelBits(scalar(update.expression), channel.voxelType)
        let count = try change(
            channel, update.path, update.region, where: update.condition, to: bits,
            action: "UPDATE CUTOUT \(channel.path)")
        return .tag("UPDATE", count: count)
    }

    /// Runs DELETE CUTOUT with a condition.
    mutating func deleteVoxels(
        _ delete: DeleteCutout, where condition: Expression
    ) throws(DatabaseError) -> ResultValue {
        let channel = try channel(delete.path)
        let count = try change(
            channel, delete.path, delete.region, where: condition, to: channel.backgroundBits,
            action: "DELETE CUTOUT FROM \(channel.path)")
        return .tag("DELETE", count: count)
    }

    /// Runs SPLIT ID: the voxels of an ID in a region get another one.
    mutating func splitID(
        _ old: Scalar, _ path: PathSyntax, _ region: RegionSyntax, where condition: Expression?,
        into new: Scalar, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(position)
        let channel = try channel(path)
        try requireAnnotation(channel, path.position)
        let (from, into) = (
            try voxelBits(old, channel.voxelType), try voxelBits(new, channel.voxelType)
        )
        for (id, scalar) in [(from, old), (into, new)] where id == channel.backgroundBits {
            throw DatabaseError(
                "22023", "\(id) is the background of \(channel.path), not an ID",
                hint: "DELETE CUTOUT … WHERE and INSERT change background", position: scalar.position.source)
        }
        let count = try change(
            channel, path, region, of: from, where: condition, to: into,
            action: "SPLIT ID \(from) IN \(channel.path) INTO \(into)")
        return .tag("SPLIT", count: count)
    }

    /// Gives voxels of a region a new value.
    ///
    /// - Parameter id: only voxels of this one.
    /// - Returns: how many have another value now.
    private mutating func change(
        _ channel: Channel, _ path: PathSyntax, _ region: RegionSyntax, of id: UInt64? = nil,
        where condition: Expression?, to bits: UInt64, action: String
    ) throws(DatabaseError) -> UInt64 {
        try refuseFill(region)
        let bound = try bind(region, of: channel, forWriting: true)
        try refuseCoarserLevel(bound, region)
        let place = try CoordinateCondition(condition, self)
        var predicate = VoxelPredicate.all
        if let values = place.values {
            let sources = VoxelSources(all: [.init(channel: channel, path: path, alias: nil)])
            _ = try sources.numbers(in: values)
            predicate = try self.predicate(values, of: channel)
        }
        if let id {
            predicate = VoxelPredicate(within: IDCondition(ids: [id])) { $0 == id }.and(predicate)
        }
        guard let box = place.part(of: bound.requested), let time = place.part(of: bound.time) else {
            return 0
        }
        let cut = CutoutRegion(box: box, level: bound.level, time: time)
        let summary = try locating(region.position) { () throws(DatabaseError) in
            try channel.change(
                cut, VoxelChange(where: predicate, to: bits), action: action, in: state.transaction,
                control: control)
        }
        return UInt64(summary.changedVoxelCount)
    }

    /// - Throws: 22V08.
    func requireAnnotation(_ channel: Channel, _ position: NodePosition) throws(DatabaseError) {
        guard channel.isAnnotation else {
            throw DatabaseError(
                "22V08", "\(channel.path) is an image channel, so its voxels are no IDs",
                hint: "ask an annotation channel", position: position.source)
        }
    }

    /// A constant where an expression may stand.
    ///
    /// - Throws: 0A000 for more than a constant.
    private func scalar(_ expression: Expression) throws(DatabaseError) -> Scalar {
        switch expression {
        case .literal(let literal, let position): return .literal(literal, position)
        case .parameter(let number, let position): return .parameter(number, position)
        case .unary(.minus, .literal(.unsigned(let value), _), let position) where value <= 1 << 63:
            return .literal(.signed(Int64(truncatingIfNeeded: 0 &- value)), position)
        case .unary(.minus, .literal(.float(let value), _), let position):
            return .literal(.float(-value), position)
        default:
            throw Self.notSupported(
                "SET to more than a constant", expression.position,
                hint: "a number or a parameter can stand here")
        }
    }
}
