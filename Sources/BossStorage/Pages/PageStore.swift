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
    static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

/// Pages of a file, the log or a segment.
final class FilePageStore: PageStore {
    let storeNumber = PageStoreNumber.next()
    let file: any StorageFile
    private let sealedMapping = Mutex<(any FileMapping)?>(nil)
    private let unlinkAtEnd = Mutex<(any FileSystem)?>(nil)

    init(file: any StorageFile) { self.file = file }

    deinit {
        // Nothing refers to the file any more; a failure leaves garbage, which the next open removes.
        if let fileSystem = unlinkAtEnd.withLock({ $0 }) { try? fileSystem.unlink(file.path) }
    }

    var name: String { file.path }

    /// Maps the file, which is complete now. A file that cannot be mapped is read with `pread`.
    func seal(byteCount: UInt64) {
        guard let count = Int(exactly: byteCount), count > 0 else { return }
        let mapped = try? file.map(byteCount: count)
        sealedMapping.withLock { $0 = mapped }
    }

    /// Removes the file's name when the last reader lets go of it.
    func unlinkWhenUnused(in fileSystem: any FileSystem) {
        unlinkAtEnd.withLock { $0 = fileSystem }
    }

    func mapping(covering end: UInt64) -> (any FileMapping)? {
        guard let mapping = sealedMapping.withLock({ $0 }), end <= UInt64(mapping.byteCount) else {
            return nil
        }
        return mapping
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) {
        let count = try file.read(into: buffer, at: offset)
        guard count == buffer.count else {
            throw .corrupt(
                file: name, offset: offset, reason: "\(buffer.count) bytes expected, file ends after \(count)"
            )
        }
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
