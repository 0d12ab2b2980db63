extension StorageEngine {
    /// The bytes of a page that holds no voxels, as a view shows it; nil where it shows none.
    ///
    /// - Throws: `.corrupt` naming the file.
    package func bytes(of key: CuboidKey, in view: View) throws(StorageError) -> [UInt8]? {
        guard let page = try view.locate(key.group, codes: [key.morton]).first, page.base != nil,
            case .stored(let brick) = try resolve(page, key.group).source(ofBrick: 0)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: brick.brickByteCount)
        var cost = BrickReadCost()
        let read = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in try decode(brick, into: buffer, cost: &cost) }
        }
        try read.get()
        return bytes
    }
}
