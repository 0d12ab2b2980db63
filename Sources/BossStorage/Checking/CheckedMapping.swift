import BossCodec

/// Merged IDs: every page by itself, and what the newest ones of a channel say together.
extension CheckedPages {
    /// Reads a page of a mapping whose checksums fit.
    func checkMapping(
        _ page: PageExamination, _ bytes: UnsafeRawBufferPointer, _ key: CuboidKey, _ name: String
    ) {
        guard let entry = page.sound.first, entry.codec == .raw, page.header.kind == .full else {
            return run.error(name, "it holds no merged IDs", CheckRemedy.mapping)
        }
        let start = Int(entry.offset)
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.storedByteCount)])
        do throws(StorageError) {
            if key.morton == MappingPage.headCode {
                _ = try MappingPage.decodeHead(content, file: file.path)
            } else {
                _ = try MappingPage.decode(content, bucket: key.morton, file: file.path)
            }
        } catch {
            run.add(error, of: name, CheckRemedy.mapping)
        }
    }
}

extension CheckRun {
    /// Merged IDs lead in no circle, and there are as many as the head says.
    func checkMappings(_ subject: CheckSubject) throws(StorageError) {
        guard subject.isIndexSound, let published = subject.published else { return }
        let view = View(state: published, leaves: LeafCache(budget: 8 << 20))
        let reader = MappingReader(view: view, directories: DirectoryCache(budget: 1 << 20))
        let segments = attempt("the manifest") { () throws(StorageError) in try published.table.all() }
        var channels = Set(published.memtable.groupNames.filter(\.isMapping).map(\.channel))
        for segment in segments ?? [] {
            // Damaged ones were reported.
            let groups = (try? segment.open().index.groups) ?? []
            channels.formUnion(groups.map(\.group).filter(\.isMapping).map(\.channel))
        }
        for channel in channels.sorted() where wants(.mapping(of: channel)) {
            try control()
            let before = findings.count
            key = CuboidKey(group: .mapping(of: channel), morton: MappingPage.headCode)
            defer { key = nil }
            do throws(StorageError) { _ = try reader.mapping(of: channel) } catch {
                add(error, of: PageGroup.mapping(of: channel).words, CheckRemedy.mapping)
            }
            // A damaged page has been told with its file.
            if findings.dropLast().contains(where: { $0.key?.group == .mapping(of: channel) }),
                findings.count > before
            {
                dropLast()
            }
        }
    }
}
