#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Pieces of a brick, compressed to tell cheaply how the whole brick would do.
///
/// Real EM does not shrink at all; finding that out on 8 KiB costs about half of finding it out on 64 KiB.
struct BrickSample {
    private static let pieceByteCount = 512
    private static let pieceCount = 16
    /// Bytes of a sample.
    static let byteCount = pieceByteCount * pieceCount
    /// Bricks below this are tried as a whole.
    static let minimumBrickByteCount = 4 * byteCount
    /// A sample has less context than the brick, so a smaller saving than the brick's is asked of it: 1/12.
    private static let byteLimit = byteCount - byteCount / 12

    /// The setting that shrinks the sample most, or `nil` if none shrinks it enough.
    ///
    /// - Parameters:
    ///   - brick: at least `minimumBrickByteCount` bytes.
    ///   - scratch: as many bytes as the brick; overwritten.
    static func best(
        of settings: [BloscFrame.Setting], for brick: UnsafeRawBufferPointer,
        scratch: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> BloscFrame.Setting? {
        gather(brick, into: scratch)
        let sample = UnsafeRawBufferPointer(rebasing: scratch[..<byteCount])
        var best: BloscFrame.Setting?
        var limit = byteLimit
        for setting in settings {
            let room = UnsafeMutableRawBufferPointer(rebasing: scratch[byteCount..<byteCount + limit])
            guard let found = try BloscFrame.compress(sample, into: room, setting) else { continue }
            best = setting
            limit = found
        }
        return best
    }

    /// Copies pieces from everywhere; the place within each stretch moves on, because stretches are often
    /// whole planes of the brick and their first rows alone would not speak for the rest.
    private static func gather(
        _ brick: UnsafeRawBufferPointer, into scratch: UnsafeMutableRawBufferPointer
    ) {
        guard let source = brick.baseAddress, let target = scratch.baseAddress else { return }
        let stretch = brick.count / pieceCount
        let places = stretch / pieceByteCount
        for piece in 0..<pieceCount {
            let offset = piece * stretch + piece * 5 % places * pieceByteCount
            memcpy(target + piece * pieceByteCount, source + offset, pieceByteCount)
        }
    }
}
