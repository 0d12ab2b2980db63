#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The time that is stored beside resources, for people only: nothing depends on its order.
enum WallClock {
    /// Microseconds since 1970 UTC.
    static func microsecondsSince1970() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
