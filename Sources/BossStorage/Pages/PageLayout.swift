import BossCodec

/// Where things lie in pages and files.
enum PageLayout {
    static let fileAlignment: UInt64 = 64
    static let memoryPage = 4096

    static func alignment(pageByteCount: Int) -> UInt64 {
        pageByteCount >= 64 << 10 ? UInt64(memoryPage) : fileAlignment
    }

    /// Raw bricks of whole memory pages start at one, so that a plane of voxels touches few of them.
    static func brickAlignment(storedByteCount: Int, codec: BrickCodec) -> Int {
        codec == .raw && storedByteCount >= 32 << 10 && storedByteCount % memoryPage == 0 ? memoryPage : 64
    }
}
