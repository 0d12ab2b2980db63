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
        let real = Self.realPath(path)
        for folder in folders.map(Self.realPath) where real.hasPrefix(folder == "/" ? folder : folder + "/") {
            throw DatabaseError(
                "22023", "the list of losses \(path) lies inside of \(folder)",
                hint: "name a file outside of it")
        }
        var status = stat()
        // Also a link that leads nowhere, which would be written through.
        if lstat(path, &status) == 0 {
            throw DatabaseError("42P07", "\(path) exists already", hint: "name a file that does not exist")
        }
        self.path = path
        output = try Output.file(path)
    }

    /// The path without links and detours; the last name need not exist.
    private static func realPath(_ path: String) -> String {
        func resolved(_ path: String) -> String? {
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        }
        if let real = resolved(path) { return real }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
        guard let parent = resolved(folder.isEmpty ? "." : folder), let name = parts.last else { return path }
        return (parent == "/" ? "" : parent) + "/" + name
    }

    /// Removes the file again.
    func remove() { unlink(path) }

    /// Writes everything that was lost.
    ///
    /// - Throws: the error that names the file, which is then removed: a part of the list would look like all of it.
    func write(_ outcome: SalvageOutcome) throws(DatabaseError) {
        do { try write(outcome, to: output) } catch {
            remove()
            let reason = (error as? ShellError)?.databaseError ?? DatabaseError("58030", "\(error)")
            throw DatabaseError(
                reason.sqlState, "the list of losses could not be written: \(reason.message)",
                hint: "the new database is whole, and the list is on standard output", cause: error)
        }
    }

    /// Writes everything that was lost in the file's format.
    func write(_ outcome: SalvageOutcome, to output: Output) throws {
        let format: OutputFormat = path.hasSuffix(".json") ? .json : .csv
        try RowWriter(options: FormatOptions(format: format)).write(Self.rows(outcome), to: output)
        try output.flush()
    }

    private static let textColumns = ["kind", "channel"]
    private static let numberColumns = [
        "level", "time", "x_from", "x_to", "y_from", "y_to", "z_from", "z_to", "cuboid_x", "cuboid_y",
        "cuboid_z", "brick", "count", "last_cuboid_x", "last_cuboid_y", "last_cuboid_z", "last_time",
        "commit",
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
        var (last, lastTime): (CuboidIndex?, Int?) = (nil, nil)
        var remark: String?
        switch loss.extent {
        case .brick(let index): (kind, brick) = ("brick", index)
        case .cuboid: break
        case .cuboidExcept(let held):
            remark = "without bricks " + held.map(String.init).joined(separator: " ")
        case .unknownBricks(let held):
            kind = "some bricks"
            if !held.isEmpty { remark = "none of bricks " + held.map(String.init).joined(separator: " ") }
        case .stretch(let most, let end):
            (kind, count, last, lastTime) = ("stretch", most, end, loss.lastTime)
        }
        let box = loss.box
        var row: [Value] = [.text(kind), .text(loss.channel), .boolean(loss.level.isIsotropic)]
        row += [number(loss.level.level), number(loss.time)]
        for axis in SpatialAxis.allCases {
            row += [number(box?[axis].lowerBound), number(box?[axis].upperBound)]
        }
        row += [number(loss.cuboid.x), number(loss.cuboid.y), number(loss.cuboid.z)]
        row += [number(brick), number(count), number(last?.x), number(last?.y), number(last?.z)]
        row += [number(lastTime), number(loss.commit), number(loss.shownCommit), .text(loss.file)]
        row.append(remark.map { .text($0) } ?? .null)
        return row
    }
}
