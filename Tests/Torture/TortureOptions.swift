/// What the command line asks for.
struct TortureOptions {
    static let usage =
        "usage: bossql-torture [--seconds N] [--runs N] [--seed S] [--threads N] [--operations N,N,...]"

    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    /// Stop after so many seconds; for ever without it, unless runs are limited.
    var seconds: Double?
    var runs: UInt64?
    var seed: UInt64 = 1
    var threads = 2
    /// Only these operations of the seed, as a failure that was made shorter names them.
    var operations: [Int]?

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let name = rest.popFirst() {
            guard let text = rest.popFirst() else { throw UsageError(description: Self.usage) }
            let isKnown: Bool
            switch name {
            case "--seconds":
                seconds = Double(text)
                isKnown = seconds.map { $0 >= 0 } ?? false
            case "--runs":
                runs = UInt64(text)
                isKnown = runs != nil
            case "--seed":
                isKnown = UInt64(text) != nil
                seed = UInt64(text) ?? 0
            case "--threads":
                isKnown = (Int(text) ?? 0) > 0 && (Int(text) ?? 0) <= StateBoard.slotCount
                threads = Int(text) ?? 0
            case "--operations":
                operations = text.split(separator: ",").compactMap { Int($0) }
                isKnown = operations?.isEmpty == false
            default: isKnown = false
            }
            guard isKnown else { throw UsageError(description: "\(name) \(text)\n\(Self.usage)") }
        }
    }
}
