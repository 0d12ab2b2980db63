import BossVoxels

/// Opens volumes from files.
package enum VolumeFiles {
    /// The most files of one stack.
    package static let maximumFileCount = 1_000_000

    /// Opens a file, or the files that match a pattern as one stack of slices.
    ///
    /// A stack is ordered as people count: `slice2` before `slice10`. Each of its files holds one slice;
    /// all have one type and shape, which is checked here by reading every header.
    ///
    /// - Parameters:
    ///   - pattern: a path; or one with `*`, `?` or `[...]` (see glob(7)). A file of exactly this name
    ///     is taken even when the name has such characters.
    ///   - format: nil to look at the content of the first file, then at its name.
    ///   - raw: type and shape of a `.raw` file or of each file of a `.raw` stack.
    /// - Throws: why a file is not read; `FormatError.notFound` when nothing matches.
    package static func open(
        pattern: String, format: VolumeFormat?, raw: RawLayout? = nil
    ) throws(FormatError) -> any VolumeReader {
        let files = try FilePattern.files(matching: pattern, limit: maximumFileCount)
        guard let first = files.first else { throw .notFound(file: pattern) }
        let format = if let format { format } else { try VolumeFormat.detect(path: first) }
        if files.count == 1 { return try open(file: first, format: format, raw: raw) }
        return try SliceStackReader(name: pattern, files: files) { (path) throws(FormatError) in
            try open(file: path, format: format, raw: raw)
        }
    }

    /// Opens one file.
    static func open(
        file path: String, format: VolumeFormat, raw: RawLayout?
    ) throws(FormatError) -> any VolumeReader {
        switch format {
        case .npy: return try NPYHeader.openVolume(path: path)
        case .nifti: return try NIfTIHeader.openVolume(path: path)
        case .png: return try PNGReader(path: path)
        case .tiff: return try TIFFReader(path: path)
        case .raw:
            guard let raw else {
                throw .unsupported(file: path, what: "a RAW file needs a voxel type and a shape")
            }
            return try DenseVolumeReader(path: path, layout: raw)
        }
    }
}
