#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where the segments of a handle come from, and how many of them it holds open.
final class SegmentOrigin: Sendable {
    let fileSystem: any FileSystem
    let database: FileIdentifier
    /// Segments that are open.
    let segmentLimit: ResidentLimit
    /// Bytes of lists of segments in memory.
    let shardLimit: ResidentLimit

    init(fileSystem: any FileSystem, database: FileIdentifier, options: StorageOptions = StorageOptions()) {
        self.fileSystem = fileSystem
        self.database = database
        segmentLimit = ResidentLimit(limit: min(options.openSegmentLimit, Self.descriptorLimit / 2))
        shardLimit = ResidentLimit(limit: options.shardByteCount)
    }

    /// Descriptors that the process may have; the program around the database needs some too.
    private static var descriptorLimit: Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let status = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let status = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return status == 0 ? Int(clamping: limit.rlim_cur) : 256
    }
}
