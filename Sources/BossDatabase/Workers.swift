import Dispatch
import Synchronization

/// Runs the parts of one operation on all cores.
///
/// The calling thread works too, and waits until all parts are done.
struct Workers: Sendable {
    /// Threads that work at once.
    let count: Int

    /// Calls `body` for every index of `0..<partCount`, several at a time, in no particular order.
    ///
    /// - Throws: the first error; parts that have not started are then left out.
    func forEach(
        _ partCount: Int, _ body: @Sendable (Int) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        if partCount <= 1 || count == 1 {
            for index in 0..<partCount { try body(index) }
            return
        }
        let run = Run()
        DispatchQueue.concurrentPerform(iterations: min(count, partCount)) { _ in
            while let index = run.next(below: partCount) {
                do throws(DatabaseError) { try body(index) } catch { run.fail(error) }
            }
        }
        if let error = run.error.withLock({ $0 }) { throw error }
    }

    private final class Run: Sendable {
        private let taken = Atomic<Int>(0)
        private let failed = Atomic<Bool>(false)
        let error = Mutex<DatabaseError?>(nil)

        func next(below count: Int) -> Int? {
            guard !failed.load(ordering: .relaxed) else { return nil }
            let index = taken.add(1, ordering: .relaxed).oldValue
            return index < count ? index : nil
        }

        func fail(_ failure: DatabaseError) {
            error.withLock { if $0 == nil { $0 = failure } }
            failed.store(true, ordering: .relaxed)
        }
    }
}

/// Result memory that several workers fill at once, each its own part; that the parts do not overlap is
/// the proof behind `@unchecked Sendable`.
struct SharedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        // An empty buffer may have no address; nothing is ever written there.
        base =
            buffer.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)
            ?? .allocate(byteCount: 1, alignment: 1)
        byteCount = buffer.count
    }
}

/// Source memory that several workers read at once; that nobody writes to it meanwhile is the proof behind
/// `@unchecked Sendable`.
struct SharedBytes: @unchecked Sendable {
    let base: UnsafeRawPointer

    init(_ buffer: UnsafeRawBufferPointer) {
        base =
            buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 64)
            ?? UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
    }
}
