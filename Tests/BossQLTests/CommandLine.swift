import BossTestSupport
import Foundation
import Glibc
import Testing

/// What a finished run of the program left.
struct CommandOutcome {
    /// The exit status, or 128 and the signal's number.
    let status: Int32
    let output: Data
    let errors: String

    /// The output as text.
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// The program `bossql` as a process of its own, as shells and scripts meet it.
enum CommandLineProgram {
    /// A run that takes longer is killed and fails its test.
    static let timeLimitSeconds = 30.0

    /// The program lies beside the test bundle, in the same configuration.
    static let path: String = {
        // `/proc/self/exe` of a test run is the bundle itself.
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let beside = bundle.deletingLastPathComponent().appending(path: "bossql").path
        if access(beside, X_OK) == 0 { return beside }
        // A test runner of the toolchain loads the bundle; then the build folder is the place to look.
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appending(path: ".build/debug/bossql").path
    }()

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - input: standard input.
    ///   - environment: variables beside PATH and HOME.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], folder: String? = nil
    ) throws -> CommandOutcome {
        try run(executable: path, arguments, input: input, environment: environment, folder: folder)
    }

    /// Runs a line of shell in which `$BOSSQL` is the program.
    static func shell(_ line: String, folder: String) throws -> CommandOutcome {
        try run(
            executable: "/bin/sh", ["-c", line], input: "", environment: ["BOSSQL": path], folder: folder)
    }

    private static func run(
        executable: String, _ arguments: [String], input: String, environment: [String: String],
        folder: String?
    ) throws -> CommandOutcome {
        let scratch = try TemporaryDirectory()
        let files = ["input", "output", "errors"].map { scratch.file($0) }
        try Data(input.utf8).write(to: URL(fileURLWithPath: files[0]))
        let descriptors = [
            open(files[0], O_RDONLY | O_CLOEXEC), open(files[1], O_RDWR | O_CREAT | O_CLOEXEC, 0o600),
            open(files[2], O_RDWR | O_CREAT | O_CLOEXEC, 0o600),
        ]
        defer { descriptors.forEach { close($0) } }
        let child = try ChildProcess(
            executable: executable, arguments, descriptors: descriptors, environment: environment,
            folder: folder)
        let status = child.wait(seconds: timeLimitSeconds)
        return CommandOutcome(
            status: try #require(status, "\(arguments) took longer than \(timeLimitSeconds) s"),
            output: Data(try fileBytes(files[1])),
            errors: String(decoding: try fileBytes(files[2]), as: UTF8.self))
    }
}

/// A folder that goes away with the object.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bossql-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)  // a leftover in /tmp harms nobody
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { path + "/" + name }
}
