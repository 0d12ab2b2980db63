import Foundation
import Synchronization

/// Runs a closure on several threads of its own and waits for all.
///
/// - Throws: the first error.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = FirstError()
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        Thread {
            do { try body(number) } catch { failure.note(error) }
            group.leave()
        }.start()
    }
    group.wait()
    if let error = failure.error { throw error }
}

private final class FirstError: Sendable {
    private let state = Mutex<(any Error)?>(nil)
    var error: (any Error)? { state.withLock { $0 } }
    func note(_ error: any Error) { state.withLock { if $0 == nil { $0 = error } } }
}
