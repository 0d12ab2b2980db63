/// What can go wrong around a measurement, one sentence each.
enum BenchError: Error, CustomStringConvertible {
    /// A file cannot be read or written, or is not what it should be.
    case file(path: String, reason: String)
    /// A workload or a specification asks for something that does not exist.
    case unsupported(String)
    /// A result is wrong; the measurement is then worth nothing.
    case wrongResult(String)

    var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .unsupported(let what): "not supported: \(what)"
        case .wrongResult(let what): "wrong result: \(what)"
        }
    }
}
