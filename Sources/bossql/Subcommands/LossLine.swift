import BossDatabase
import BossGeometry

/// Losses as people read them: one line for each cuboid.
///
///     lab/mouse/em, resolution 0, time 0: X 0:512 Y 0:512 Z 0:16, bricks 3, 4 of cuboid (0, 0, 0), of commit 7,
///     background stands there, in seg/0a/0a1b.seg
enum LossLine {
    /// What a line is about.
    private struct Subject: Hashable {
        let channel: UInt32
        let level: ResolutionLevel
        let time: Int
        let cuboid: CuboidIndex
        let commit: UInt64?
        let file: String
    }

    /// The lines, in the order of the losses.
    static func lines(_ losses: [SalvagedLoss]) -> [String] {
        var order: [Subject] = []
        var groups: [Subject: [SalvagedLoss]] = [:]
        for loss in losses {
            let subject = Subject(
                channel: loss.channelNumber, level: loss.level, time: loss.time, cuboid: loss.cuboid,
                commit: loss.commit, file: loss.file)
            if groups[subject] == nil { order.append(subject) }
            groups[subject, default: []].append(loss)
        }
        return order.compactMap { groups[$0].map(line) }
    }

    /// In how many cuboids something was lost, in words; of stretches as many as they hold at most. Nil for none.
    static func cuboids(_ losses: [SalvagedLoss]) -> String? {
        var cuboids: Set<String> = []
        var more = 0
        for loss in losses {
            if case .stretch(let count, _) = loss.extent {
                more += count
            } else {
                cuboids.insert("\(loss.level) \(loss.time) \(words(loss.cuboid))")
            }
        }
        guard more > 0 || !cuboids.isEmpty else { return nil }
        return (more > 0 ? "up to " : "") + CommandRun.count(cuboids.count + more, "cuboid")
    }

    private static func line(_ losses: [SalvagedLoss]) -> String {
        guard let first = losses.first else { return "" }
        let times = first.lastTime > first.time ? "\(first.time) to \(first.lastTime)" : "\(first.time)"
        var text = "\(first.channel), resolution \(first.level), time \(times): "
        let box = losses.compactMap(\.box).reduce(losses[0].box) { $0?.union($1) }
        let cuboid = "cuboid \(words(first.cuboid))"
        var bricks: [Int] = []
        for loss in losses { if case .brick(let brick) = loss.extent { bricks.append(brick) } }
        switch first.extent {
        case .brick:
            text += "\(bricks.count == 1 ? "brick" : "bricks") \(list(bricks)) of \(cuboid)"
        case .cuboid: text += cuboid
        case .cuboidExcept(let held): text += "\(cuboid) without bricks \(list(held))"
        case .unknownBricks(let held):
            text += "some bricks of \(cuboid)" + (held.isEmpty ? "" : ", none of \(list(held))")
        case .stretch(let count, let last):
            text += "up to \(CommandRun.count(count, "cuboid")) from \(words(first.cuboid))"
            text += last.map { " to \(words($0)) in Morton order" } ?? " on"
        }
        var isBound = bricks.count > 1
        if case .stretch = first.extent { isBound = true }
        if let box { text += ", \(isBound ? "inside of " : "")\(words(box))" }
        if let commit = first.commit {
            text +=
                ", of commit \(commit); \(first.shownCommit.map { "commit \($0)" } ?? "background") stands there"
        }
        return DisplayWidth.printable(text + ", in \(first.file)")
    }

    /// `1, 4 to 9, 12`
    static func list(_ bricks: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for brick in bricks.sorted() {
            if let last = runs.last, last.upperBound + 1 == brick {
                runs[runs.count - 1] = last.lowerBound...brick
            } else {
                runs.append(brick...brick)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
            .joined(separator: ", ")
    }

    static func words(_ index: CuboidIndex) -> String { "(\(index.x), \(index.y), \(index.z))" }

    static func words(_ box: VoxelBox) -> String {
        SpatialAxis.allCases.map { "\($0.rawValue) \(box[$0].lowerBound):\(box[$0].upperBound)" }
            .joined(separator: " ")
    }
}
