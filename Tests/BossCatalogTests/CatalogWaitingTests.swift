import BossCatalog
import Dispatch
import Foundation
import Synchronization
import Testing

/// Writers that wait for a transaction to end, and what goes on beside them.
@Suite("Waiting for a transaction of the catalog")
struct CatalogWaitingTests {
    /// Writers on threads of their own, which try to make a collection each.
    private final class Waiters: Sendable {
        private let outcomes = Mutex<[(seconds: Double, isRefused: Bool)]>([])
        private let ended = DispatchSemaphore(value: 0)
        private let count: Int

        init(_ count: Int, _ catalog: Catalog) {
            self.count = count
            for number in 0..<count {
                Thread.detachNewThread { [self] in
                    let start = ContinuousClock.now
                    var isRefused = false
                    do throws(CatalogError) {
                        try catalog.createCollection(NewCollection(name: "waiter\(number)"))
                    } catch {
                        isRefused = error == .lockedByTransaction(file: catalog.path)
                    }
                    let elapsed = (ContinuousClock.now - start) / .seconds(1)
                    outcomes.withLock { $0.append((elapsed, isRefused)) }
                    ended.signal()
                }
            }
        }

        var endedCount: Int { outcomes.withLock { $0.count } }

        func wait() -> [(seconds: Double, isRefused: Bool)] {
            for _ in 0..<count { ended.wait() }
            return outcomes.withLock { $0 }
        }
    }

    private func open(_ directory: TemporaryDirectory?, waitingSeconds: Double) throws -> Catalog {
        let catalog =
            try directory.map {
                try Catalog.open(
                    path: $0.file, mode: .readWrite(create: true), busyTimeoutSeconds: waitingSeconds)
            } ?? Catalog.inMemory(busyTimeoutSeconds: waitingSeconds)
        try populate(catalog)
        return catalog
    }

    @Test("readers do not wait for writers that wait", arguments: [false, true])
    func readers(inMemory: Bool) throws {
        let directory = inMemory ? nil : TemporaryDirectory()
        let catalog = try open(directory, waitingSeconds: 20)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "open"))
        let waiters = Waiters(3, catalog)
        Thread.sleep(forTimeInterval: 0.1)
        for _ in 0..<20 {
            #expect(try catalog.collections().map(\.name) == ["lab"])
            #expect(
                try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em") != nil)
            let other = try catalog.beginTransaction()
            #expect(try other.catalog.collections().count == 1)
        }
        // Nobody was let in, and nobody has given up: what was read, was read while they waited.
        #expect(waiters.endedCount == 0)
        try transaction.commit(engineCommit: 1)
        #expect(waiters.wait().allSatisfy { !$0.isRefused })
        #expect(
            try catalog.collections().map(\.name) == ["lab", "open", "waiter0", "waiter1", "waiter2"])
    }

    @Test("a writer gets its turn beside one that never stops writing", arguments: [false, true])
    func fairness(inMemory: Bool) throws {
        let directory = inMemory ? nil : TemporaryDirectory()
        let catalog = try open(directory, waitingSeconds: 10)
        let isDone = Atomic<Bool>(false)
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // What fails here shows in the count.
            while !isDone.load(ordering: .relaxed) {
                try? catalog.setMetadata(on: .collection("lab"), [MetadataAssignment(key: "k", value: "1")])
            }
            ended.signal()
        }
        let start = ContinuousClock.now
        for number in 0..<20 {
            try catalog.createCollection(NewCollection(name: "other\(number)"))
        }
        let elapsed = ContinuousClock.now - start
        isDone.store(true, ordering: .relaxed)
        ended.wait()
        // A write takes some milliseconds, and each of these waits for one other.
        #expect(elapsed < .seconds(5), "\(elapsed)")
        #expect(try catalog.metadata(on: .collection("lab")).count == 1)
    }

    @Test("each writer waits its own time, however many there are", arguments: [false, true])
    func ownTime(inMemory: Bool) throws {
        let directory = inMemory ? nil : TemporaryDirectory()
        let catalog = try open(directory, waitingSeconds: 1)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "open"))
        let outcomes = Waiters(4, catalog).wait()
        #expect(outcomes.allSatisfy { $0.isRefused && $0.seconds >= 1 && $0.seconds < 1.9 }, "\(outcomes)")
        transaction.rollback()
        try catalog.createCollection(NewCollection(name: "later"))
    }
}
