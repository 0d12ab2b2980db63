#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is wrong with an image or volume file, or with writing one. Every case names the file.
public enum FormatError: Error, Hashable, Sendable {
    /// No file has this path, or no file matches this pattern.
    case notFound(file: String)
    /// The file cannot be opened or read; a directory gives EISDIR.
    case unreadable(file: String, errno: Int32)
    /// The file cannot be created or written.
    case unwritable(file: String, errno: Int32)
    /// Neither the content nor the name tells the format.
    case unknownFormat(file: String)
    /// The file breaks a rule of its format.
    case corrupt(file: String, reason: String)
    /// The file ends early. Bytes, after decompression; `found` is what could be had.
    case truncated(file: String, expected: Int, found: Int)
    /// The file is legal but uses something that is not read here.
    case unsupported(file: String, what: String)
    /// A slice of a stack differs from the first one, or a file changed while it was read.
    case mismatch(file: String, expected: String, found: String)
    /// The file declares more than can be held.
    case tooLarge(file: String, what: String, limit: Int)
    /// A format has no place for voxels of this type or shape.
    case cannotHold(format: String, what: String)
}

extension FormatError: CustomStringConvertible {
    /// One sentence without a full stop.
    public var description: String {
        switch self {
        case .notFound(let file): "no file matches \(file)"
        case .unreadable(let file, let code): "cannot read \(file): \(Self.text(code))"
        case .unwritable(let file, let code): "cannot write \(file): \(Self.text(code))"
        case .unknownFormat(let file): "\(file) is in none of the known formats NPY, NIFTI, PNG, TIFF"
        case .corrupt(let file, let reason): "\(file) is damaged: \(reason)"
        case .truncated(let file, let expected, let found):
            "\(file) is cut short: expected \(expected) bytes, found \(found)"
        case .unsupported(let file, let what): "\(file) cannot be read: \(what)"
        case .mismatch(let file, let expected, let found):
            "\(file) does not fit: expected \(expected), found \(found)"
        case .tooLarge(let file, let what, let limit): "\(file) is too large: \(what), the limit is \(limit)"
        case .cannotHold(let format, let what): "\(format) cannot hold \(what)"
        }
    }

    private static func text(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
