import BossDatabase

/// Paths and versions, which have rules of their own: hyphens belong to names and nothing may stand between
/// the parts.
extension Lexer {
    /// Whether a path can start here.
    var isAtPath: Bool { isAtSegment(ahead: 0) }

    private func isAtSegment(ahead count: Int) -> Bool {
        guard let byte = byte(ahead: count) else { return false }
        return byte.isNameByte || byte == UInt8(ascii: "\"")
    }

    /// Reads a path; `isAtPath` must hold.
    mutating func path() throws(DatabaseError) -> PathSyntax {
        let start = mark
        let scheme = Array("bossdb://".utf8)
        if bytes[mark.offset...].starts(with: scheme), isAtSegment(ahead: scheme.count) {
            advance(scheme.count)
        }
        var segments = [try segment()]
        while byte() == UInt8(ascii: "/"), isAtSegment(ahead: 1) {
            advance()
            let segmentStart = mark
            segments.append(try segment())
            if segments.count > 3 {
                throw failure(
                    "a path has at most three names, collection/experiment/channel", from: segmentStart)
            }
        }
        var version: VersionReference?
        if byte() == UInt8(ascii: "@") {
            advance()
            version = try self.version()
        }
        return PathSyntax(
            segments: segments, version: version, position: NodePosition(start.position(to: mark)))
    }

    /// Reads one name of a path; `isAtPath` must hold.
    mutating func segment() throws(DatabaseError) -> String {
        let start = mark
        guard byte() == UInt8(ascii: "\"") else { return run { $0.isNameByte } }
        let name = try quoted(by: UInt8(ascii: "\""), what: "quoted name")
        if name.isEmpty { throw emptyName(from: start) }
        return name
    }

    /// Reads what follows `@`: a name, `#` and a commit number, or a time as text.
    mutating func version() throws(DatabaseError) -> VersionReference {
        let start = mark
        let kind: VersionReference.Kind
        switch byte() {
        case .some(UInt8(ascii: "'")):
            kind = .time(try quoted(by: UInt8(ascii: "'"), what: "text"))
        case .some(UInt8(ascii: "#")):
            advance()
            guard byte()?.isDigit == true, case .integer(let number) = try number() else {
                throw failure("expected a commit number after #", from: start)
            }
            kind = .commit(number)
        case .some where isAtPath: kind = .name(try segment())
        default:
            var ahead = self
            if case .invalid(let error) = ahead.next().kind { throw error }
            throw failure(
                "expected a version: the name of a snapshot or branch, # and a commit number, or a time as text",
                from: start)
        }
        return VersionReference(kind, position: NodePosition(start.position(to: mark)))
    }
}
