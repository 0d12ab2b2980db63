/// A pattern of LIKE: `%` stands for any characters, `_` for one; letters match in either case.
struct LikePattern {
    private let pattern: [Unicode.Scalar]

    init(_ text: String) { pattern = Array(text.lowercased().unicodeScalars) }

    /// Whether the whole text matches.
    ///
    /// - Complexity: at most the product of both lengths; only the last `%` is ever retried.
    func matches(_ text: String) -> Bool {
        let text = Array(text.lowercased().unicodeScalars)
        var (position, index) = (0, 0)
        var lastPercent: (index: Int, position: Int)?
        while position < text.count {
            if index < pattern.count, pattern[index] == "%" {
                lastPercent = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == "_" || pattern[index] == text[position] {
                position += 1
                index += 1
            } else if let percent = lastPercent {
                position = percent.position + 1
                index = percent.index + 1
                lastPercent = (percent.index, position)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == "%" }
    }
}
