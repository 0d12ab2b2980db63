package import BossCodec
import BossVoxels

/// Pages that hold one long text of bytes, which is no voxels: a full page whose bricks follow each other.
///
/// The last brick ends in zeros; the bytes say themselves where they end.
package enum DocumentPage {
    /// Bytes that one page may hold.
    package static let byteLimit = 256 << 20
    /// Bytes of a brick where there are several.
    private static let brickByteCount = 1 << 20

    /// A page of bytes.
    ///
    /// - Parameters:
    ///   - bytes: 1 to `byteLimit`, mostly numbers of four bytes; the first eight are not all zero.
    ///   - compression: as the channel's bricks are.
    package static func encode(
        _ bytes: [UInt8], key: CuboidKey, compression: CompressionPreference
    ) throws(StorageError) -> EncodedPage {
        guard bytes.count <= byteLimit else {
            throw .tooLarge(what: "what is put in", byteCount: bytes.count, limit: byteLimit)
        }
        precondition(!bytes.isEmpty, "a page of some bytes")
        let brick = min(brickByteCount, Int(alignUp(UInt64(bytes.count), to: 64)))
        let brickCount = (bytes.count + brick - 1) / brick
        let encoder = BrickEncoder(voxelType: .float32, brickByteCount: brick, preference: compression)
        var builder = PageBuilder(
            key: key, kind: .full, encoder: encoder, voxelByteCount: 4, brickByteCount: brick,
            brickCapacity: brickCount,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(brick), zeroed: false))
        for number in 0..<brickCount {
            let part = bytes[number * brick..<min((number + 1) * brick, bytes.count)]
            try builder.append(brick: number) { (target) throws(StorageError) in
                target.copyBytes(from: part)
                UnsafeMutableRawBufferPointer(rebasing: target[part.count...]).initializeMemory(
                    as: UInt8.self, repeating: 0)
            }
        }
        return builder.finish()
    }
}

extension StorageEngine {
    /// The bytes of a document page, zeros at their end included, and the commit that wrote it.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `.corrupt` naming the file of a damaged page.
    package func document(
        _ key: CuboidKey, in view: View
    ) throws(StorageError) -> (bytes: [UInt8], commit: UInt64)? {
        guard let page = try view.locate(key.group, codes: [key.morton]).first else { return nil }
        let resolved = try resolve(page, key.group)
        guard resolved.isWritten else { return nil }
        guard let header = resolved.fullDirectory?.header, resolved.deltaCount == 0,
            header.brickCount * header.brickByteCount <= DocumentPage.byteLimit + header.brickByteCount
        else {
            throw .corrupt(file: "", offset: key.morton, reason: "the page in \(key.group) holds no document")
        }
        var bytes = [UInt8](repeating: 0, count: header.brickCount * header.brickByteCount)
        var cost = BrickReadCost()
        let read = bytes.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) in
                for number in 0..<header.brickCount {
                    let part = UnsafeMutableRawBufferPointer(
                        rebasing: bytes[number * header.brickByteCount..<(number + 1) * header.brickByteCount]
                    )
                    switch resolved.source(ofBrick: number) {
                    case .background: break
                    case .constant(let bits): part.fill(UInt32(truncatingIfNeeded: bits))
                    case .stored(let brick): try decode(brick, into: part, cost: &cost)
                    }
                }
            }
        }
        try read.get()
        return (bytes, page.newestSequence)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Fills whole words of four bytes, little-endian.
    fileprivate func fill(_ word: UInt32) {
        for offset in stride(from: 0, to: count - count % 4, by: 4) {
            storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt32.self)
        }
    }
}
