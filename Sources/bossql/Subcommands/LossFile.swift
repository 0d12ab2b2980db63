import BossDatabase
import BossGeometry
import BossQuery
import Glibc

/// The file of `--losses`: a row for each brick, cuboid or stretch that was lost, and for each remark.
final class LossFile {
    private let path: String
    private let output: Output

    /// Makes the file, so that it is known before the work whether it can be written.
    ///
    /// - Throws: 42P07 when it exists, 22023 for a file inside of the databases, 58030.
    init(_ path: String, besides folders: [String]) throws {
        let path = FileCompletion.expandingHome(path)
        for folder in folders where path.hasPrefix(folder + "/") {
            throw DatabaseError(
                "22023", "the list of losses \(path) lies inside of \(folder)",
                hint: "name a file outside of it")
        }
        if FileCompletion.exists(path) {
            throw DatabaseError("42P07", "\(path) exists already", hint: "name a file that does not exist")
        }
        self.path = path
        output = try Output.file(path)
    }

    /// Removes the file again.
    func remove() { unlink(path) }

    /// Writes everything that was lost.
    func write(_ outcome: SalvageOutcome) throws {
        let rows = Self.rows(outcome)
        let format: OutputFormat = path.hasSuffix(".json") ? .json : .csv
        try RowWriter(options: FormatOptions(format: format)).write(rows, to: output)
        try output.flush()
    }

    private static let textColumns = ["kind", "channel"]
    private static let numberColumns = [
        "level", "time", "x_from", "x_to", "y_from", "y_to", "z_from", "z_to", "cuboid_x", "cuboid_y",
        "cuboid_z", "brick", "count", "last_cuboid_x", "last_cuboid_y", "last_cuboid_z", "commit",
        "shown_commit",
    ]

    static func rows(_ outcome: SalvageOutcome) -> RowSet {
        var columns = textColumns.map { Column($0, .text) }
        columns.append(Column("is_isotropic", .boolean))
        columns += numberColumns.map { Column($0, .int64) }
        columns += [Column("file", .text), Column("remark", .text)]
        let remarks: [[Value]] = outcome.remarks.map { remark in
            var row: [Value] = columns.map { _ in .null }
            row[0] = .text("remark")
            row[columns.count - 1] = .text(remark)
            return row
        }
        return RowSet(columns: columns, rows: outcome.losses.map(row) + remarks)
    }

    private static func row(_ loss: SalvagedLoss) -> [Value] {
        func number<N: BinaryInteger>(_ value: N?) -> Value {
            value.map { .integer(Int64(clamping: $0)) } ?? .null
        }
        var kind = "cuboid"
        var (brick, count): (Int?, Int?) = (nil, nil)
        var last: CuboidIndex?
        var remark: String?
        switch loss.extent {
        case .brick(let index): (kind, brick) = ("brick", index)
        case .cuboid: break
        case .cuboidExcept(let held):
            remark = "without bricks " + held.map(String.init).joined(separator: " ")
        case .unknownBricks(let held):
            kind = "some bricks"
            if !held.isEmpty { remark = "none of bricks " + held.map(String.init).joined(separator: " ") }
        case .stretch(let most, let end): (kind, count, last) = ("stretch", most, end)
        }
        let box = loss.box
        var row: [Value] = [.text(kind), .text(loss.channel), .boolean(loss.level.isIsotropic)]
        row += [number(loss.level.level), number(loss.time)]
        for axis in SpatialAxis.allCases {
            row += [number(box?[axis].lowerBound), number(box?[axis].upperBound)]
        }
        row += [number(loss.cuboid.x), number(loss.cuboid.y), number(loss.cuboid.z)]
        row += [number(brick), number(count), number(last?.x), number(last?.y), number(last?.z)]
        row += [number(loss.commit), number(loss.shownCommit), .text(loss.file)]
        row.append(remark.map { .text($0) } ?? .null)
        return row
    }
}
