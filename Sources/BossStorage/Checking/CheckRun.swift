/// One check: what it looks at, and what it has found so far. Used by one thread.
///
/// Every structure is looked at on its own, so that one damage hides no other: `attempt` turns an error into a
/// finding and goes on.
final class CheckRun {
    let fileSystem: any FileSystem
    let depth: CheckDepth
    /// Only cuboids of this channel; all by default.
    let channel: UInt32?
    let control: () throws(StorageError) -> Void
    let progress: (CheckProgress) -> Void
    private(set) var findings: [CheckFinding] = []
    /// Findings kept; a disk full of damage needs no longer list.
    private static let findingLimit = 10_000
    private var omittedCount = 0
    /// The file that is looked at, and the cuboid in it, for findings.
    var file: String?
    var key: CuboidKey?
    var done = CheckProgress()
    let buffer = PageBuffer()
    let scratch = PageBuffer()
    /// Commits that deltas were made from, by the place of their page.
    var deltaBases: [PagePlace: UInt64] = [:]

    struct PagePlace: Hashable {
        let path: String
        let offset: UInt64
    }

    init(
        fileSystem: any FileSystem, depth: CheckDepth, channel: UInt32?,
        control: @escaping () throws(StorageError) -> Void, progress: @escaping (CheckProgress) -> Void
    ) {
        self.fileSystem = fileSystem
        self.depth = depth
        self.channel = channel
        self.control = control
        self.progress = progress
    }

    func error(
        _ object: String, _ message: String, _ remedy: String = CheckRemedy.restore, at offset: UInt64? = nil
    ) {
        add(
            CheckFinding(
                severity: .error, object: object, message: message, remedy: remedy, file: file,
                offset: offset, key: key))
    }

    func warning(_ object: String, _ message: String, _ remedy: String, at offset: UInt64? = nil) {
        add(
            CheckFinding(
                severity: .warning, object: object, message: message, remedy: remedy, file: file,
                offset: offset, key: key))
    }

    /// Takes down what ended a look at something: damage, or that it could not be looked at.
    func add(
        _ error: StorageError, of object: String, _ remedy: String = CheckRemedy.restore,
        at offset: UInt64? = nil
    ) {
        add(
            CheckFinding(
                severity: error.obstacleRemedy == nil ? .error : .unchecked, object: object,
                message: error.sentence, remedy: error.obstacleRemedy ?? remedy, file: file,
                offset: error.obstacleRemedy == nil ? error.offset ?? offset : nil, key: key))
    }

    func add(_ finding: CheckFinding) {
        if findings.count < Self.findingLimit { findings.append(finding) } else { omittedCount += 1 }
    }

    func dropLast() { findings.removeLast() }

    /// Says how many findings were left out.
    func finish() -> [CheckFinding] {
        if omittedCount > 0 {
            findings.append(
                CheckFinding(
                    severity: .error, object: "the database", message: "\(omittedCount) further findings",
                    remedy: CheckRemedy.restore))
            omittedCount = 0
        }
        return findings
    }

    /// Expects a rule of the format.
    ///
    /// - Returns: whether it holds.
    @discardableResult
    func expect(_ holds: Bool, _ object: String, _ message: @autoclosure () -> String) -> Bool {
        if !holds { error(object, message()) }
        return holds
    }

    /// Does something that may find damage; nil when it did.
    func attempt<R>(_ object: String, _ body: () throws(StorageError) -> R) -> R? {
        do throws(StorageError) { return try body() } catch {
            add(error, of: object)
            return nil
        }
    }

    func wants(_ group: PageGroup) -> Bool { channel.map { $0 == group.channel } ?? true }

    /// Warns of bytes in a part of a file that should be zero.
    func expectZeros(_ file: any StorageFile, _ range: Range<UInt64>, _ object: String, _ what: String) {
        let chunk: UInt64 = 1 << 16
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = Int(min(chunk, range.upperBound - offset))
            let read = attempt(object) { () throws(StorageError) in
                try buffer.read(file, at: offset, count: count)
            }
            guard let read else { return }
            if let place = read.firstIndex(where: { $0 != 0 }) {
                let byte = offset + UInt64(place)
                return warning(object, "\(what) is not zero at byte \(byte)", CheckRemedy.none, at: byte)
            }
            offset += UInt64(count)
        }
    }
}

extension StorageError {
    /// The damaged byte, where the error names one.
    var offset: UInt64? {
        if case .corrupt(_, let offset, _) = self { offset } else { nil }
    }

    /// For findings, whose object names the file already.
    var sentence: String {
        switch self {
        case .corrupt(_, let offset, let reason): "\(reason), at byte \(offset)"
        case .notFound: "the file is missing"
        case .unsupportedFormat(_, let unknown): "a newer bossql wrote it: it \(unknown)"
        case .inputOutput(let operation, _, let errno): "it \(SystemFailure(errno).sentence(of: operation))"
        default: "\(self)"
        }
    }
}
