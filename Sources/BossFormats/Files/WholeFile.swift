/// Files that are small enough to be held.
package enum WholeFile {
    /// All bytes of a regular file.
    ///
    /// - Throws: as `VolumeFiles.open`, and `FormatError.tooLarge`.
    package static func read(_ path: String, byteLimit: Int) throws(FormatError) -> [UInt8] {
        let file = try InputFile(path: path)
        guard file.fileByteCount <= byteLimit else {
            throw .tooLarge(file: path, what: "it has \(file.fileByteCount) bytes", limit: byteLimit)
        }
        return try file.prefix(file.fileByteCount)
    }
}
