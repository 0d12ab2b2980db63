/// What a read touched.
public struct ReadStatistics: Hashable, Sendable {
    /// Pages found in the index.
    public var pageCount = 0
    /// Bricks that the region touches and that hold data.
    public var brickCount = 0
    /// Bricks decompressed for this read.
    public var decodedBrickCount = 0
    /// Bricks found decoded in the buffer pool.
    public var cachedBrickCount = 0
    /// Stored bytes read from segment files or the log, without what the pool held.
    public var readByteCount = 0
    /// Bytes of voxels that came out of the decoder.
    public var decodedByteCount = 0
    /// Cuboids whose labels were known from the summaries of their pages, without a look at voxels.
    public var summaryCount = 0
    /// Entries of label indexes that were looked at.
    public var indexEntryCount = 0

    /// Nothing read yet.
    public init() {}

    /// The sum of two reads.
    public static func += (left: inout ReadStatistics, right: ReadStatistics) {
        left.pageCount += right.pageCount
        left.brickCount += right.brickCount
        left.decodedBrickCount += right.decodedBrickCount
        left.cachedBrickCount += right.cachedBrickCount
        left.readByteCount += right.readByteCount
        left.decodedByteCount += right.decodedByteCount
        left.summaryCount += right.summaryCount
        left.indexEntryCount += right.indexEntryCount
    }
}
