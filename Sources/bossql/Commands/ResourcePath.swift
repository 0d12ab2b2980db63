/// Paths such as `lab/mri/t1` as text.
enum ResourcePath {
    /// The names with `/` between them, those in quotes that are not plain.
    static func written(_ names: [String]) -> String {
        names.map(segment).joined(separator: "/")
    }

    private static func segment(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
        return isPlain ? name : "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// The names of a written path, quotes removed.
    static func names(_ path: String) -> [String] {
        var names: [String] = []
        var current = ""
        var isQuoted = false
        for character in path {
            switch character {
            case "\"": isQuoted.toggle()
            case "/" where !isQuoted:
                names.append(current)
                current = ""
            default: current.append(character)
            }
        }
        return names + [current]
    }

    /// Whole paths that begin with the text, with `/` behind collections and experiments.
    ///
    /// - Parameter children: the names below a path of 0 to 2 names.
    static func completions(_ text: String, children: ([String]) -> [String]) -> [String] {
        let names = names(text)
        guard let part = names.last, names.count <= 3 else { return [] }
        let parents = Array(names.dropLast())
        return children(parents).filter { $0.hasPrefix(part) }.map {
            written(parents + [$0]) + (parents.count < 2 ? "/" : "")
        }
    }

    /// The path with each version that goes on as it was begun; nil while there is no `@` behind the path.
    ///
    /// - Parameter snapshots: names of snapshots for a path of 1 to 3 names.
    static func versions(_ text: String, _ snapshots: ([String]) -> [String]) -> [String]? {
        guard let at = text.lastIndex(of: "@"), text[at...].allSatisfy({ $0 != "/" && $0 != "\"" }) else {
            return nil
        }
        let (path, part) = (String(text[..<at]), text[text.index(after: at)...])
        return (snapshots(names(path)) + ["main"]).filter { $0.hasPrefix(part) }.map { path + "@" + $0 }
    }
}
