#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The seeds that are being run, where a signal handler finds them when the process dies in the middle.
///
/// Each slot is written by one thread; the handler only reads. That the memory lives as long as the process is
/// the proof behind `nonisolated(unsafe)`.
enum StateBoard {
    static let slotCount = 64
    /// Seed plus one, 0 where nothing runs.
    nonisolated(unsafe) private static let slots: UnsafeMutablePointer<UInt64> = {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        return slots
    }()
    nonisolated(unsafe) private static let interrupted: UnsafeMutablePointer<sig_atomic_t> = {
        let flag = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
        flag.initialize(to: 0)
        return flag
    }()

    static func begin(_ seed: UInt64, slot: Int) { slots[slot] = seed &+ 1 }

    static func end(slot: Int) { slots[slot] = 0 }

    /// Whether somebody pressed Ctrl-C.
    static var isInterrupted: Bool { interrupted.pointee != 0 }

    /// Seeds that are being run.
    static var seeds: [UInt64] { (0..<slotCount).map { slots[$0] }.filter { $0 != 0 }.map { $0 &- 1 } }

    /// Tells the seeds when the process traps, and notes Ctrl-C.
    static func install() {
        _ = (slots, interrupted)
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV, SIGFPE] {
            signal(number) { number in
                StateBoard.tell("bossql-torture: died of signal ")
                StateBoard.tell(UInt64(number))
                StateBoard.tell(" in seed")
                for slot in 0..<StateBoard.slotCount where StateBoard.slots[slot] != 0 {
                    StateBoard.tell(" ")
                    StateBoard.tell(StateBoard.slots[slot] &- 1)
                }
                StateBoard.tell("\n")
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        signal(SIGINT) { _ in StateBoard.interrupted.pointee = 1 }
    }

    /// Without memory and locks: the process is dying.
    private static func tell(_ text: StaticString) {
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func tell(_ number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            var digit = UInt8(ascii: "0") + UInt8(number / divisor % 10)
            _ = write(2, &digit, 1)
            divisor /= 10
        }
    }
}
