/// The live log: its batches, and what follows them.
extension CheckRun {
    func checkLog(_ identifier: FileIdentifier, _ subject: inout CheckSubject) throws(StorageError) {
        let path = SegmentReference.path(role: .log, identifier: identifier)
        let name = "log \(path)"
        subject.namedPaths.insert(path)
        self.file = path
        defer { self.file = nil }
        let root = subject.root
        let opened = attempt(name) { () throws(StorageError) in
            let file = try fileSystem.open(path, mode: .read)
            return (file: file, length: try file.byteCount())
        }
        guard let (file, length) = opened else {
            subject.isIndexSound = false
            return
        }
        expectZeros(file, SegmentHeader.padding(length), name, "padding of the header")
        let status = subject.status
        let limit = subject.logLimit
        let isFull = depth == .full
        let contents = attempt(name) { () throws(StorageError) -> LogContents in
            let flushed = status.flatMap { $0.log == identifier ? $0.logByteCount : nil } ?? 0
            let scanner = try LogScanner(file: file)
            func scan(_ verifyBricks: Bool) throws(StorageError) -> LogContents {
                try scanner.scan(
                    database: root.database, identifier: identifier, knownFlushed: flushed,
                    limit: limit ?? .max, verifyBricks: verifyBricks)
            }
            // What opening would accept; a full check reads all bricks afterwards, each on its own.
            if let quick = try? scan(false), quick.isClosed && quick.end == length || limit != nil {
                return quick
            }
            return try scan(true)
        }
        guard let contents else {
            subject.isIndexSound = false
            return
        }
        expect(contents.header.epoch <= root.epoch, name, "the log is of a newer epoch than the root")
        if let limit, contents.end < limit {
            expect(false, name, "a committed batch is damaged, at byte \(contents.end)")
            subject.isIndexSound = false
        }
        if limit == nil { checkTail(file, contents.end..<max(contents.end, length), name) }
        checkLogContents(contents, file, name, root, isFull: isFull)
        try checkLogPages(contents, file, name, root)
        if !subject.isLive, var published = subject.published {
            let found = StorageEngine.FoundLog(
                file: file, store: FilePageStore(file: file), contents: contents, isClean: true)
            StorageEngine.restore(found, into: &published, root: root)
            subject.published = published
        }
    }

    /// What a crash left behind the last whole batch.
    private func checkTail(_ file: any StorageFile, _ range: Range<UInt64>, _ name: String) {
        let before = findings.count
        expectZeros(file, range, name, "the part behind the last whole batch")
        guard findings.count > before else { return }
        replaceLast(
            message:
                "a batch that was not finished, or a damaged last one, starts at byte \(range.lowerBound)",
            remedy: CheckRemedy.nextOpen)
    }

    private func checkLogContents(
        _ contents: LogContents, _ file: any StorageFile, _ name: String, _ root: ManifestRoot, isFull: Bool
    ) {
        guard isFull, channel == nil else { return }
        let pages = CheckedPages(
            run: self, file: file, object: name, database: root.database, droppedChannels: [])
        pages.checkLogPadding(from: UInt64(SegmentHeader.byteCount), to: contents.end)
    }

    private func checkLogPages(
        _ contents: LogContents, _ file: any StorageFile, _ name: String, _ root: ManifestRoot
    ) throws(StorageError) {
        guard depth == .full else { return }
        let pages = CheckedPages(
            run: self, file: file, object: name, database: root.database,
            droppedChannels: Set(root.droppedChannels))
        for (group, entries) in contents.entries.sorted(by: { $0.key < $1.key }) where wants(group) {
            for entry in entries { try pages.check(entry, group) }
        }
    }
}
