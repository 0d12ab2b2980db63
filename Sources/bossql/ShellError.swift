import BossDatabase
import Glibc

/// What the shell itself refuses; the engine's refusals are `DatabaseError`.
enum ShellError: Error {
    /// The reader of standard output went away, as `| head` does.
    case brokenPipe
    /// A system call on a file failed.
    case file(path: String, errno: Int32)
    /// A line starts with a dot but names no command.
    case unknownCommand(name: String, suggestion: String?)
    /// A dot command was given something it does not take.
    case badArguments(command: String, problem: String, usage: String)
    /// A parameter value is neither a number, a text, a list nor a file.
    case badParameter(text: String)
    /// `.view`, `.last` or `.save` before any volume was read.
    case noVolume(command: String)
    /// A result that the output format cannot hold.
    case wrongResult(format: String, found: String)
    /// Scripts that read each other without end.
    case readTooDeep(path: String, limit: Int)
    /// Known but not built.
    case notSupported(String, hint: String?)

    /// The same as the one error that people see.
    var databaseError: DatabaseError {
        switch self {
        case .brokenPipe:
            DatabaseError("58030", "the reader of the output went away")
        case .file(let path, let code):
            DatabaseError(errno: code, path)
        case .unknownCommand(let name, let suggestion):
            DatabaseError(
                "42601", "unknown command \(name)",
                hint: suggestion.map { "did you mean \($0)?" } ?? "see .help")
        case .badArguments(let command, let problem, let usage):
            DatabaseError("22023", "\(command): \(problem)", hint: "usage: \(usage)")
        case .badParameter(let text):
            DatabaseError(
                "22023", "\(text) is not a parameter value",
                hint: "write a number, 'text', TRUE, FALSE, NULL, a list (1, 2) or @file.npy")
        case .noVolume(let command):
            DatabaseError(
                "22023", "\(command) needs a volume, and none was read yet", hint: "run SELECT CUTOUT first")
        case .wrongResult(let format, let found):
            DatabaseError(
                "22V10", "format \(format) cannot hold \(found)",
                hint: "choose another with .mode or --format")
        case .readTooDeep(let path, let limit):
            DatabaseError(
                "54001", "\(path) is read by scripts nested more than \(limit) deep",
                hint: "look for a script that reads itself with .read")
        case .notSupported(let sentence, let hint):
            DatabaseError("0A000", sentence, hint: hint)
        }
    }
}
