/// What a simulated file system counts, fails and traces.
package enum OperationKind: Int, CaseIterable, Sendable {
    case open, create, read, write, sync, allocate, truncate, status
    case map, readMapping
    case createDirectory, syncDirectory, rename, unlink, list, exists, lock

    /// Whether the operation can change what a crash leaves.
    package var isMutating: Bool {
        switch self {
        case .create, .write, .sync, .allocate, .truncate, .createDirectory, .syncDirectory, .rename, .unlink,
            .lock:
            true
        case .open, .read, .status, .map, .readMapping, .list, .exists: false
        }
    }
}

/// An operation as it was asked for.
package struct TracedOperation: Hashable, Sendable {
    package var kind: OperationKind
    package var path: String
    /// The new name of a rename.
    package var newPath: String?
    /// Of reads and writes.
    package var offset: UInt64 = 0
    /// Of reads, writes, allocations and truncations.
    package var byteCount: UInt64 = 0
    /// The errno of an injected failure.
    package var injected: Int32?

    package init(
        _ kind: OperationKind, _ path: String, newPath: String? = nil, offset: UInt64 = 0,
        byteCount: UInt64 = 0
    ) {
        self.kind = kind
        self.path = path
        self.newPath = newPath
        self.offset = offset
        self.byteCount = byteCount
    }
}

/// The failures that a simulated file system is to have.
///
///     SimulatedFileSystem(seed: 1, faults: .crashAtOperation(17))
///     SimulatedFileSystem(seed: 1, faults: .failAtOperation(3, errno: EIO, kinds: [.sync]))
package struct FaultPlan: Sendable {
    /// A failing operation.
    package struct Failure: Sendable {
        /// Only operations of these kinds are counted and fail.
        package var kinds: Set<OperationKind>
        /// From 1.
        package var ordinal: Int
        package var errno: Int32
        /// Whether all later operations of these kinds fail as well.
        package var isPersistent: Bool
    }

    /// The mutating operation at which the process dies, from 1.
    package var crashOrdinal: Int?
    /// Whether that ends only the process whose operation it is, as a kill does, and the machine runs on.
    package var endsProcessOnly = false
    package var failures: [Failure] = []
    /// The sum of the lengths of all files that have a name or are open.
    package var quotaByteCount: Int?
    /// Whether syncs of files report success and do nothing, as some disks do.
    package var syncsLie = false

    package init() {}

    /// No failure.
    package static let none = FaultPlan()

    /// The process dies within the nth mutating operation, from 1: it and everything after it fail with EIO.
    /// That operation may have been applied, a write in part.
    package static func crashAtOperation(_ ordinal: Int) -> FaultPlan {
        var plan = FaultPlan()
        plan.crashOrdinal = ordinal
        return plan
    }

    /// The nth operation of the given kinds fails, from 1, and later ones when `persistent`. A failing write
    /// may have written a prefix; a failing sync loses what it was to make durable; anything else changes
    /// nothing.
    package static func failAtOperation(
        _ ordinal: Int, errno: Int32, kinds: Set<OperationKind> = Set(OperationKind.allCases),
        persistent: Bool = false
    ) -> FaultPlan {
        var plan = FaultPlan()
        plan.failures = [Failure(kinds: kinds, ordinal: ordinal, errno: errno, isPersistent: persistent)]
        return plan
    }

    /// A disk that holds so many bytes.
    package static func quota(byteCount: Int) -> FaultPlan {
        var plan = FaultPlan()
        plan.quotaByteCount = byteCount
        return plan
    }
}

/// How finely a crash tears writes.
package enum DamageMode: Sendable {
    /// At multiples of 512 bytes in the file.
    case sector
    /// At any byte.
    case byte
}

/// Operations counted so far, and what the plan says about the next one.
struct FaultCounter: Sendable {
    enum Verdict {
        case proceed
        case fail(Int32)
        case die
    }

    var plan: FaultPlan
    private(set) var total = 0
    private(set) var mutating = 0
    private var byKind = [Int](repeating: 0, count: OperationKind.allCases.count)

    init(plan: FaultPlan) {
        self.plan = plan
    }

    func count(of kind: OperationKind) -> Int { byKind[kind.rawValue] }

    mutating func next(_ kind: OperationKind) -> Verdict {
        total += 1
        byKind[kind.rawValue] += 1
        if kind.isMutating {
            mutating += 1
            if mutating == plan.crashOrdinal { return .die }
        }
        for failure in plan.failures where failure.kinds.contains(kind) {
            let count = failure.kinds.reduce(0) { $0 + byKind[$1.rawValue] }
            if count == failure.ordinal || (failure.isPersistent && count > failure.ordinal) {
                return .fail(failure.errno)
            }
        }
        return .proceed
    }
}

/// SplitMix64, so that a seed decides everything that happens.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SimulatedRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number below `limit`, which is at least 1.
    mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(limit)) }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
