import BossCodec

/// The labels of a page: what a query needs to know of a cuboid without reading a voxel.
///
/// That of a full page has every label of the cuboid; that of a delta the labels whose voxels differ from the versions
/// below, as they are now. Background is never among them.
///
/// Bytes: u8 version 1, 3 bytes 0, u32 labels; then of each label, ascending by ID, the ID (LEB128; the difference to the
/// one before) and its numbers (`LabelCoding`).
package final class PageSummary: Sendable {
    static let headerByteCount = 8
    static let version: UInt8 = 1
    /// Labels at most. A page with more has no summary, and is scanned where its labels are asked for.
    static let labelLimit = 1 << 18
    /// Bytes at most: a label has an ID of up to 10 bytes, a count of 5, a box of 12, and sums of 7 each.
    static let byteLimit = headerByteCount + labelLimit * 48

    /// Ascending by ID.
    package let labels: [PageLabel]

    init(labels: [PageLabel]) { self.labels = labels }

    /// Memory that it takes.
    var weight: Int { 64 + labels.count * MemoryLayout<PageLabel>.stride }

    /// What the page says of a label; nil when it says nothing.
    func label(_ id: UInt64) -> PageLabel? {
        let position = labels.firstIndex(notBelow: id)
        return position < labels.count && labels[position].id == id ? labels[position] : nil
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = [Self.version, 0, 0, 0]
        bytes.reserveCapacity(Self.headerByteCount + labels.count * 24)
        withUnsafeBytes(of: UInt32(labels.count).littleEndian) { bytes.append(contentsOf: $0) }
        var last: UInt64 = 0
        for label in labels {
            LEB128.append(label.id - last, to: &bytes)
            last = label.id
            LabelCoding.write(label, to: &bytes)
        }
        return bytes
    }

    /// Reads a summary.
    ///
    /// - Throws: `.corrupt` for a wrong checksum, labels out of order, impossible numbers.
    convenience init(
        _ bytes: UnsafeRawBufferPointer, header: PageHeader, file: String, at offset: UInt64
    ) throws(StorageError) {
        guard CRC32C.checksum(bytes) == header.summaryChecksum else {
            throw .corrupt(file: file, offset: offset, reason: "checksum of a page's summary")
        }
        try self.init(unverified: bytes, file: file, at: offset)
    }

    private convenience init(
        unverified bytes: UnsafeRawBufferPointer, file: String, at offset: UInt64
    ) throws(StorageError) {
        var reader = LEB128.Reader(bytes, from: Self.headerByteCount, file: file, base: offset)
        let count = try Self.labelCount(bytes, byteCount: bytes.count, reader)
        var labels: [PageLabel] = []
        labels.reserveCapacity(count)
        for _ in 0..<count { labels.append(try Self.label(after: labels.last?.id, &reader)) }
        guard reader.isAtEnd else { throw reader.corrupt("bytes behind the last label") }
        self.init(labels: labels)
    }

    /// How many labels a summary says it has.
    ///
    /// - Parameters:
    ///   - start: its first bytes.
    ///   - byteCount: bytes of the whole summary.
    static func labelCount(
        _ start: UnsafeRawBufferPointer, byteCount: Int, _ reader: LEB128.Reader
    ) throws(StorageError) -> Int {
        guard start.count >= headerByteCount, start[0] == version else {
            throw reader.corrupt("no summary of a page here")
        }
        let count = Int(UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        // Each label takes two bytes at least.
        guard count <= labelLimit, count * 2 <= byteCount else {
            throw reader.corrupt("a summary of \(count) labels")
        }
        return count
    }

    /// The next label.
    @inline(__always)
    static func label(after last: UInt64?, _ reader: inout LEB128.Reader) throws(StorageError) -> PageLabel {
        let difference = try reader.next()
        let (id, overflow) = (last ?? 0).addingReportingOverflow(difference)
        guard !overflow, last == nil || difference > 0 else { throw reader.corrupt("labels out of order") }
        guard case .label(let label) = try LabelCoding.read(id: id, &reader) else {
            throw reader.corrupt("a label that fills the cuboid among others")
        }
        return label
    }
}

extension [PageLabel] {
    /// Position of the first label whose ID is not below `id`.
    func firstIndex(notBelow id: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension PageSummary {
    /// All labels of a cuboid of several pages.
    ///
    /// - Parameter deltas: summaries of deltas, the newest first.
    static func merged(base: [PageLabel], deltas: [PageSummary]) -> [PageLabel] {
        guard !deltas.isEmpty else { return base }
        var labels = base
        for delta in deltas.reversed() { labels = overlaid(labels, by: delta.labels) }
        return labels.filter { $0.voxelCount > 0 }
    }

    /// Two ascending lists as one, in which the upper one counts.
    private static func overlaid(_ lower: [PageLabel], by upper: [PageLabel]) -> [PageLabel] {
        var result: [PageLabel] = []
        result.reserveCapacity(lower.count + upper.count)
        var position = 0
        for label in upper {
            while position < lower.count, lower[position].id < label.id {
                result.append(lower[position])
                position += 1
            }
            if position < lower.count, lower[position].id == label.id { position += 1 }
            result.append(label)
        }
        result += lower[position...]
        return result
    }

    /// What a delta says so that labels become others: those that differ, and those that are gone.
    package static func difference(from old: [PageLabel], to new: [PageLabel]) -> [PageLabel] {
        var result: [PageLabel] = []
        var position = 0
        for label in new {
            while position < old.count, old[position].id < label.id {
                result.append(.gone(old[position].id))
                position += 1
            }
            if position < old.count, old[position].id == label.id {
                if old[position] != label { result.append(label) }
                position += 1
            } else {
                result.append(label)
            }
        }
        for label in old[position...] { result.append(.gone(label.id)) }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.summaryKeepsGoneLabels) { return result.filter { $0.voxelCount > 0 } }
        #endif
        return result
    }
}
