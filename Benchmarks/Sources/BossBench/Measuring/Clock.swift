#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Wall time and CPU time of this process, in seconds.
enum Clock {
    /// Seconds since some fixed moment.
    static func wall() -> Double { seconds(CLOCK_MONOTONIC) }

    /// CPU seconds that all threads of this process have used.
    static func cpu() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
