import BossQuery
import Foundation

/// The folder Grammar of the repository, found from this file's own place.
enum GrammarFiles {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Grammar")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    /// The names of the example files in a folder, sorted.
    static func examples(in path: String = "examples") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
            .filter { $0.hasSuffix(".sql") }.sorted().map { path + "/" + $0 }
    }
}
