#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Waiting without holding anything.
enum Pause {
    /// Sleeps; at most a second at a time, so that nobody who has to end waits for long.
    static func microseconds(_ count: Int) {
        guard count > 0 else { return }
        usleep(UInt32(min(count, 1_000_000)))
    }
}
