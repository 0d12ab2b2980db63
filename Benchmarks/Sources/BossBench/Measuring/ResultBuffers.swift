/// Memory that results are read into: one block per size, used again for every read of that size.
///
/// Not for use by several threads at once.
final class ResultBuffers {
    private var blocks: [Int: UnsafeMutableRawBufferPointer] = [:]

    deinit { for block in blocks.values { block.deallocate() } }

    /// Memory of exactly so many bytes; its content is what the last read left.
    func buffer(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        if let block = blocks[byteCount] { return block }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        blocks[byteCount] = block
        return block
    }
}
