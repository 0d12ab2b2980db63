import BossVoxels
import Synchronization

/// Where stored pages are read from: a segment file, the log, or a page that is not written yet.
package protocol PageStore: AnyObject, Sendable {
    /// Unique in the process and never used again, so that cached bricks never become stale.
    var storeNumber: UInt64 { get }
    /// A name for messages.
    var name: String { get }
    /// The mapping that covers these bytes, when the file does not change any more.
    func mapping(covering end: UInt64) -> (any FileMapping)?
    /// Reads exactly the buffer.
    ///
    /// - Throws: `.corrupt` when the file ends before.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError)
}

enum PageStoreNumber {
    private static let last = Atomic<UInt64>(0)
    static func next() -> UInt64 {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.reuseStoreNumbers) { return last.add(1, ordering: .relaxed).newValue % 3 }
        #endif
        return last.add(1, ordering: .relaxed).newValue
    }
}

/// Pages of a file that is read by its descriptor: the log, or a file that is being written.
final class FilePageStore: PageStore {
    let storeNumber: UInt64
    let file: any StorageFile
    private let unlinkAtEnd = Mutex<(any FileSystem)?>(nil)

    init(file: any StorageFile, storeNumber: UInt64 = PageStoreNumber.next()) {
        self.file = file
        self.storeNumber = storeNumber
    }

    deinit {
        // Nothing refers to the file any more; a failure leaves garbage, which the next open removes.
        if let fileSystem = unlinkAtEnd.withLock({ $0 }) { try? fileSystem.unlink(file.path) }
    }

    var name: String { file.path }

    /// Removes the file's name when the last reader lets go of it.
    func unlinkWhenUnused(in fileSystem: any FileSystem) {
        unlinkAtEnd.withLock { $0 = fileSystem }
    }

    func mapping(covering end: UInt64) -> (any FileMapping)? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
        let count = try file.read(into: buffer, at: offset)
        guard count == buffer.count else {
            throw .corrupt(
                file: name, offset: offset, reason: "\(buffer.count) bytes expected, file ends after \(count)"
            )
        }
    }
}

/// Pages of a file that is complete, mapped into memory. Small reads go through the descriptor as long as there is one,
/// since a fault in a mapping reads far around; but processes may have few descriptors, and a database has many files.
final class MappedPageStore: PageStore {
    let storeNumber: UInt64
    let name: String
    private let mapping: any FileMapping
    private let descriptor: Mutex<FilePageStore?>

    /// Maps the file of a store; nil where it cannot be mapped and has to be read by its descriptor.
    init?(sealed store: FilePageStore, byteCount: UInt64) {
        guard let count = Int(exactly: byteCount), count > 0,
            let mapping = try? store.file.map(byteCount: count)
        else { return nil }
        storeNumber = store.storeNumber
        name = store.name
        self.mapping = mapping
        descriptor = Mutex(store)
    }

    /// Gives the descriptor up; the mapping stays.
    func releaseDescriptor() {
        let old = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        _ = old
    }

    func mapping(covering end: UInt64) -> (any FileMapping)? {
        end <= UInt64(mapping.byteCount) ? mapping : nil
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
        if let store = descriptor.withLock({ $0 }) { return try store.read(into: buffer, at: offset) }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.evictPinned) {
                throw .inputOutput(operation: "read", file: name, errno: 9)
            }
        #endif
        guard let start = Int(exactly: offset), start <= mapping.byteCount,
            buffer.count <= mapping.byteCount - start
        else {
            throw .corrupt(
                file: name, offset: offset,
                reason: "\(buffer.count) bytes expected behind the end of the file")
        }
        try mapping.copy(from: start, into: buffer)
    }
}

/// A page of a transaction that is not committed.
final class MemoryPageStore: PageStore {
    let storeNumber = PageStoreNumber.next()
    let page: EncodedPage

    init(page: EncodedPage) { self.page = page }

    var name: String { "uncommitted page" }

    func mapping(covering end: UInt64) -> (any FileMapping)? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
        let copied = page.withBytes { bytes in
            guard let start = Int(exactly: offset), start <= bytes.count, buffer.count <= bytes.count - start
            else {
                return false
            }
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + buffer.count]))
            return true
        }
        guard copied else { throw .corrupt(file: name, offset: offset, reason: "read past the page") }
    }
}

/// Stands where a version has no bytes anywhere: a deletion.
final class NoPageStore: PageStore {
    static let shared = NoPageStore()

    let storeNumber = PageStoreNumber.next()
    var name: String { "deleted cuboids" }

    func mapping(covering end: UInt64) -> (any FileMapping)? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
        throw .corrupt(file: name, offset: offset, reason: "a deletion has no bytes")
    }
}
