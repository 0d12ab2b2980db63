/// The formats that volumes are read from. The raw value is the word of the language.
package enum VolumeFormat: String, CaseIterable, Hashable, Sendable {
    /// NumPy array file, version 1 to 3, also gzipped.
    case npy = "NPY"
    /// NIfTI-1 in one file, also gzipped.
    case nifti = "NIFTI"
    /// Grey PNG image, or a stack of them.
    case png = "PNG"
    /// Grey TIFF image of one or more pages, or a stack of images.
    case tiff = "TIFF"
    /// Bare voxels; type and shape come from the caller.
    case raw = "RAW"

    /// The format of a file: by its first bytes (inside gzip too), else by the end of its name.
    ///
    /// `.raw` is never guessed.
    ///
    /// - Throws: `FormatError.unknownFormat` when neither helps, or why the file cannot be read.
    package static func detect(path: String) throws(FormatError) -> VolumeFormat {
        let file = try InputFile(path: path)
        if let format = detect(content: try contentPrefix(of: file)) { return format }
        if let format = detect(name: path) { return format }
        throw .unknownFormat(file: path)
    }

    static func isGzip(_ prefix: [UInt8]) -> Bool { prefix.starts(with: [0x1F, 0x8B]) }

    /// The first bytes of the content; empty when it is gzip that cannot be inflated.
    private static func contentPrefix(of file: InputFile) throws(FormatError) -> [UInt8] {
        let prefix = try file.prefix(NIfTIHeader.byteCount)
        guard isGzip(prefix) else { return prefix }
        // Damage inside gzip is reported when the file is opened by the format its name tells.
        return (try? GzipInflater(file).prefix(NIfTIHeader.byteCount)) ?? []
    }

    private static func detect(content: [UInt8]) -> VolumeFormat? {
        if content.starts(with: NPYHeader.magic) { return .npy }
        if content.starts(with: PNGReader.signature) { return .png }
        for start in TIFFReader.signatures where content.starts(with: start) { return .tiff }
        return NIfTIHeader.isRecognized(content) ? .nifti : nil
    }

    private static func detect(name: String) -> VolumeFormat? {
        var name = name.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        let endings: [(String, VolumeFormat)] = [
            (".npy", .npy), (".nii", .nifti), (".hdr", .nifti), (".img", .nifti), (".png", .png),
            (".tif", .tiff), (".tiff", .tiff),
        ]
        return endings.first { name.hasSuffix($0.0) }?.1
    }
}
