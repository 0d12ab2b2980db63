#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// File names from a pattern, in the order in which people count.
enum FilePattern {
    /// The files that match.
    ///
    /// A name without `*`, `?` and `[`, or one that exists as it stands, is returned without looking.
    ///
    /// - Throws: `FormatError.notFound` when nothing matches, `.unreadable` for a directory that cannot be
    ///   listed, `.tooLarge` for more than `limit` files.
    static func files(matching pattern: String, limit: Int) throws(FormatError) -> [String] {
        guard !pattern.utf8.contains(0) else { throw .notFound(file: pattern) }
        let hasWildcard = pattern.utf8.contains {
            [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0)
        }
        if !hasWildcard || access(pattern, F_OK) == 0 { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob(pattern, GLOB_ERR | GLOB_NOSORT, nil, &found)
        let code = errno
        guard status == 0 else {
            if status == GLOB_NOMATCH { throw .notFound(file: pattern) }
            throw .unreadable(file: pattern, errno: status == GLOB_NOSPACE ? ENOMEM : code)
        }
        let count = Int(found.gl_pathc)
        guard count <= limit else {
            throw .tooLarge(file: pattern, what: "\(count) files match", limit: limit)
        }
        let names = (0..<count).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
        return names.sorted(by: NaturalOrder.precedes)
    }
}

/// The order of names with numbers in them: `slice2` before `slice10`.
enum NaturalOrder {
    /// Whether one name comes before another: runs of digits compare as numbers of any length, all else
    /// byte by byte; names that differ only in leading zeros compare byte by byte.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            guard isDigit(left[i]), isDigit(right[j]) else {
                if left[i] != right[j] { return left[i] < right[j] }
                i += 1
                j += 1
                continue
            }
            let (leftNumber, rightNumber) = (number(in: left, from: &i), number(in: right, from: &j))
            if leftNumber.count != rightNumber.count { return leftNumber.count < rightNumber.count }
            if !leftNumber.elementsEqual(rightNumber) {
                return leftNumber.lexicographicallyPrecedes(rightNumber)
            }
        }
        if i < left.count || j < right.count { return j < right.count }
        return left.lexicographicallyPrecedes(right)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    /// The digits from an index on without leading zeros; moves the index behind them.
    private static func number(in name: [UInt8], from index: inout Int) -> ArraySlice<UInt8> {
        let start = index
        while index < name.count, isDigit(name[index]) { index += 1 }
        return name[start..<index].drop { $0 == UInt8(ascii: "0") }
    }
}
