import BossCodec

extension PageStore {
    /// Reads the header of a stored page and checks it against what the index says.
    ///
    /// - Throws: `.corrupt` naming file and offset.
    func header(of entry: IndexEntry, key: CuboidKey) throws(StorageError) -> PageHeader {
        try header(
            at: entry.offsetOrConstant, key: key, kind: entry.kind, byteCount: entry.pageByteCount,
            checksum: entry.headerChecksum)
    }

    /// As `header(of:key:)`.
    func header(
        at offset: UInt64, key: CuboidKey, kind: PageKind, byteCount: UInt32, checksum: UInt32
    ) throws(StorageError) -> PageHeader {
        var bytes = [UInt8](repeating: 0, count: PageHeader.byteCount)
        let loaded = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> PageHeader in
                try read(into: buffer, at: offset)
                let header = try PageHeader(UnsafeRawBufferPointer(buffer), file: name, at: offset)
                let stored = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
                guard stored == checksum, header.key == key, header.kind == kind,
                    header.pageByteCount == Int(byteCount)
                else {
                    throw StorageError.corrupt(file: name, offset: offset, reason: "another page stands here")
                }
                return header
            }
        }
        return try loaded.get()
    }
}
