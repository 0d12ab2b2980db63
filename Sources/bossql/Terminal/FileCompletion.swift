import Glibc

/// File names for completion and the home folder in names.
enum FileCompletion {
    /// Names in the folder of `text` that begin with its last part; folders end with `/`.
    /// Hidden files only when the part begins with a dot.
    static func candidates(_ text: String) -> [String] {
        let slash = text.lastIndex(of: "/")
        let folder = slash.map { String(text[...$0]) } ?? ""
        let part = slash.map { String(text[text.index(after: $0)...]) } ?? text
        guard let stream = opendir(folder.isEmpty ? "." : expandingHome(folder)) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != "..", name.hasPrefix(part), part.hasPrefix(".") || !name.hasPrefix(".")
            else {
                continue
            }
            names.append(folder + name + (isFolder(expandingHome(folder + name)) ? "/" : ""))
        }
        return names.sorted()
    }

    /// `~/x` with the user's home folder.
    static func expandingHome(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = environmentVariable("HOME") else { return path }
        return home + path.dropFirst()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
