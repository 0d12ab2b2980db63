import BossCodec

/// The labels of many pages in the order of their IDs, then of the pages.
struct SummaryMerge {
    /// Memory for the windows of all summaries, about.
    private static let windowsByteCount = 16 << 20

    private var streams: [SummaryStream] = []
    /// A heap of streams by their next entry.
    private var heap: [(entry: LabelBlock.Entry, stream: Int)] = []

    /// A merge of the summaries of pages in a file.
    ///
    /// - Parameter entries: all versions of the group, in the order of the file's index.
    init(
        _ entries: [IndexEntry], _ group: PageGroup, _ store: FilePageStore
    ) throws(StorageError) {
        let window = min(max(Self.windowsByteCount / max(1, entries.count), 1 << 10), 64 << 10)
        for (position, entry) in entries.enumerated() where entry.isLabelled {
            let page = UInt32(truncatingIfNeeded: position)
            guard entry.kind == .full || entry.kind == .delta else {
                let bits = entry.offsetOrConstant
                push(LabelBlock.Entry(id: bits, page: page, stored: .whole(bits)), streams.count)
                streams.append(.empty)
                continue
            }
            var stream = try SummaryStream(
                entry, CuboidKey(group: group, morton: entry.morton), store, window)
            if let label = try stream.next() {
                push(LabelBlock.Entry(id: label.id, page: page, stored: .label(label)), streams.count)
            }
            streams.append(stream)
        }
    }

    /// Whether every entry was taken.
    var isEmpty: Bool { heap.isEmpty }

    mutating func next() throws(StorageError) -> LabelBlock.Entry? {
        guard let (entry, stream) = heap.first else { return nil }
        if let label = try streams[stream].next() {
            heap[0].entry = LabelBlock.Entry(id: label.id, page: entry.page, stored: .label(label))
        } else {
            let last = heap.removeLast()
            if !heap.isEmpty { heap[0] = last }
        }
        sink()
        return entry
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let (first, second) = (heap[left].entry, heap[right].entry)
        return first.id != second.id ? first.id < second.id : first.page < second.page
    }

    private mutating func push(_ entry: LabelBlock.Entry, _ stream: Int) {
        heap.append((entry, stream))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(child, smallest) { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}

/// Reads the summary of a page in the file, a window at a time.
private struct SummaryStream {
    private let store: FilePageStore?
    private let header: PageHeader?
    private let windowByteCount: Int
    /// Offset in the file of what comes after the window.
    private var windowEnd: UInt64 = 0
    private var end: UInt64 = 0
    private var window: [UInt8] = []
    private var position = 0
    private var checksum: UInt32 = 0
    private var left = 0
    private var lastID: UInt64?

    /// Nothing to read.
    static let empty = SummaryStream()

    private init() { (store, header, windowByteCount) = (nil, nil, 0) }

    init(
        _ entry: IndexEntry, _ key: CuboidKey, _ store: FilePageStore, _ windowByteCount: Int
    ) throws(StorageError) {
        let header = try store.header(of: entry, key: key)
        self.store = store
        self.header = header
        self.windowByteCount = windowByteCount
        windowEnd = entry.offsetOrConstant + UInt64(header.summaryOffset)
        end = entry.offsetOrConstant + UInt64(header.pageByteCount)
        try refill()
        left = try withReader { (bytes, reader) throws(StorageError) in
            try PageSummary.labelCount(bytes, byteCount: header.summaryByteCount, reader)
        }
        position = PageSummary.headerByteCount
    }

    mutating func next() throws(StorageError) -> PageLabel? {
        guard left > 0 else {
            try finish()
            return nil
        }
        if window.count - position < LabelBlock.entryByteLimit { try refill() }
        left -= 1
        let last = lastID
        let (label, offset) = try withReader { (_, reader) throws(StorageError) in
            var reader = reader
            return (try PageSummary.label(after: last, &reader), reader.offset)
        }
        position = offset
        lastID = label.id
        return label
    }

    private mutating func refill() throws(StorageError) {
        guard let store, windowEnd < end else { return }
        window.removeFirst(position)
        position = 0
        let count = min(windowByteCount, Int(end - windowEnd))
        let kept = window.count
        window += [UInt8](repeating: 0, count: count)
        let start = windowEnd
        let read = window.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) in
                try store.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[kept...]), at: start)
            }
        }
        try read.get()
        checksum = window.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[kept...]), seed: checksum)
        }
        windowEnd += UInt64(count)
    }

    private mutating func finish() throws(StorageError) {
        guard let store, let header else { return }
        while windowEnd < end { try refill() }
        guard checksum == header.summaryChecksum, position == window.count else {
            throw .corrupt(file: store.name, offset: end, reason: "checksum of a page's summary")
        }
    }

    private func withReader<R>(
        _ body: (UnsafeRawBufferPointer, LEB128.Reader) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        let base = windowEnd - UInt64(window.count)
        let result = window.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try body(bytes, LEB128.Reader(bytes, from: position, file: store?.name ?? "", base: base))
            }
        }
        return try result.get()
    }
}
