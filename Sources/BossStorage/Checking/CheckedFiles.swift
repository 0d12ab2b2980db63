/// Files that nothing names.
extension CheckRun {
    /// Files in the folders of the engine that look like its own.
    func leftoverCandidates() -> [String] {
        var paths: [String] = []
        for directory in ["wal", ShardReference.directory] + SegmentReference.bulkDirectories {
            guard let names = try? fileSystem.list(directory) else { continue }
            for name in names.sorted() where name.hasSuffix(".seg") || name.hasSuffix(".ms") {
                paths.append("\(directory)/\(name)")
            }
        }
        return paths
    }

    func checkLeftovers(_ subject: CheckSubject) {
        for name in ((try? fileSystem.list(ManifestRoot.directory)) ?? []).sorted()
        where ManifestRoot.number(ofFile: name) == nil && !subject.isLive {
            file = "\(ManifestRoot.directory)/\(name)"
            warning("\(ManifestRoot.directory)/\(name)", "it is no root", CheckRemedy.nextOpen)
            file = nil
        }
        for path in leftoverCandidates()
        where !subject.namedPaths.contains(path) && !subject.retiredPaths.contains(path) {
            // What this epoch made may be a load or a compaction that goes on.
            if subject.isLive, epoch(of: path).map({ $0 >= subject.root.epoch }) ?? true { continue }
            file = path
            warning(path, "no root names it, unless a reader goes by an older one", CheckRemedy.nextOpen)
            file = nil
        }
    }

    private func epoch(of path: String) -> UInt64? {
        guard let file = try? fileSystem.open(path, mode: .read) else { return nil }
        return try? SegmentHeader.load(file).epoch
    }

    /// Puts better words to the last finding.
    func replaceLast(message: String, remedy: String) {
        guard let last = findings.last else { return }
        dropLast()
        warning(last.object, message, remedy, at: last.offset)
    }
}
