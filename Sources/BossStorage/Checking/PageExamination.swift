import BossCodec

/// Memory for one page at a time. It grows to the longest page; used by one thread.
final class PageBuffer {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 4096)

    deinit { memory.deallocate() }

    /// Memory of a length, with arbitrary content; the one given out before is gone.
    func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: count, alignment: 4096)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[0..<count])
    }

    /// Reads bytes of a file.
    ///
    /// - Throws: `.corrupt` when the file ends before.
    func read(_ file: any StorageFile, at offset: UInt64, count: Int) throws(StorageError)
        -> UnsafeRawBufferPointer
    {
        // What a damaged structure claims must not make us ask for memory.
        let length = try file.byteCount()
        guard count >= 0, offset <= length, UInt64(count) <= length - offset else {
            throw .corrupt(
                file: file.path, offset: offset, reason: "\(count) bytes expected, the file has \(length)")
        }
        let buffer = bytes(count)
        let read = try file.read(into: buffer, at: offset)
        guard read == count else {
            throw .corrupt(
                file: file.path, offset: offset, reason: "\(count) bytes expected, file ends after \(read)")
        }
        return UnsafeRawBufferPointer(buffer)
    }
}

/// What the bytes of a stored page are worth, brick by brick.
struct PageExamination {
    let header: PageHeader
    /// Directory entries whose bricks are as they were written.
    private(set) var sound: [BrickEntry] = []
    /// Entries of the directory that cannot be used, by position, which brick they are for if that is known, and why.
    private(set) var damage: [(position: Int, brick: Int?, reason: String)] = []
    /// Whether the directory verifies as a whole.
    let isDirectorySound: Bool

    var isSound: Bool { isDirectorySound && damage.isEmpty }

    /// Looks at a page whose header was verified.
    ///
    /// Of a full page with a damaged directory an entry still counts when it stands in its place and the bytes that
    /// it names have its checksum. Which bricks a delta holds is then unknown.
    ///
    /// - Parameters:
    ///   - page: as many bytes as the header says.
    ///   - scratch: for decoded bricks; nil to compare checksums only.
    init(
        _ page: UnsafeRawBufferPointer, header: PageHeader, file: String, at offset: UInt64,
        decodingInto scratch: PageBuffer? = nil
    ) {
        self.header = header
        let end = PageHeader.byteCount + header.directoryByteCount
        let bytes = UnsafeRawBufferPointer(rebasing: page[PageHeader.byteCount..<end])
        isDirectorySound = CRC32C.checksum(bytes) == header.directoryChecksum
        var cursor = ByteCursor(bytes, file: file, base: offset + UInt64(PageHeader.byteCount))
        var last: UInt32?
        for position in 0..<header.brickCount {
            guard let entry = Self.entry(&cursor, position, header) else {
                damage.append(
                    (position, header.kind == .full ? position : nil, "its entry in the directory is damaged")
                )
                continue
            }
            let isInPlace = header.kind == .full ? Int(entry.brickIndex) == position : isDirectorySound
            guard isInPlace, last.map({ $0 < entry.brickIndex }) ?? true,
                isDirectorySound || entry.codec != .constant
            else {
                damage.append(
                    (position, header.kind == .full ? position : nil, "its entry in the directory is damaged")
                )
                continue
            }
            if let reason = Self.damage(entry, page, header, scratch) {
                damage.append((position, Int(entry.brickIndex), reason))
            } else {
                sound.append(entry)
            }
            last = entry.brickIndex
        }
    }

    private static func entry(
        _ cursor: inout ByteCursor, _ position: Int, _ header: PageHeader
    ) -> BrickEntry? {
        let start = position * BrickEntry.byteCount
        // An entry that was refused has left the cursor inside itself.
        try? cursor.skip(start - cursor.offset)
        return try? BrickEntry(&cursor, header: header)
    }

    /// Why a brick cannot be used; nil when it can.
    private static func damage(
        _ entry: BrickEntry, _ page: UnsafeRawBufferPointer, _ header: PageHeader, _ scratch: PageBuffer?
    ) -> String? {
        if entry.codec == .constant {
            let width = header.voxelByteCount
            let fits = (1...8).contains(width) && (width == 8 || entry.constantBits >> UInt64(width * 8) == 0)
            return fits ? nil : "its value is wider than a voxel"
        }
        guard Int(entry.storedByteCount) <= header.brickByteCount else {
            return "it is longer than its voxels"
        }
        let start = Int(entry.offset)
        let stored = UnsafeRawBufferPointer(rebasing: page[start..<start + Int(entry.storedByteCount)])
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.checkOverlooksBricks) { return nil }
        #endif
        guard CRC32C.checksum(stored) == entry.checksum else { return "checksum" }
        guard let scratch, entry.codec != .raw else { return nil }
        do {
            try BrickDecoder.decode(
                entry.codec, constantBits: 0, bytes: stored, into: scratch.bytes(header.brickByteCount),
                voxelByteCount: header.voxelByteCount)
            return nil
        } catch { return "it cannot be decoded: \(error)" }
    }
}
