import BossStorage
import Foundation
import Testing

/// The implementations that must behave alike.
enum FileSystemBackend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case posix, simulated

    var testDescription: String { rawValue }

    /// Runs a test in an empty directory.
    func run(_ body: (any FileSystem) throws -> Void) throws {
        switch self {
        case .posix:
            try withTemporaryDirectory { directory in
                try body(try PosixFileSystem(directory: directory, createIfMissing: false))
            }
        case .simulated: try body(SimulatedFileSystem(seed: 0xB055))
        }
    }
}

/// Makes an empty directory, removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
        "bossfs-\(UUID().uuidString)"
    ).path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }  // a leftover in /tmp harms no test
    try body(directory)
}

extension StorageFile {
    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        try bytes.withUnsafeBytes { try write([$0], at: offset) }
    }

    func write(_ text: String, at offset: UInt64 = 0) throws { try write(Array(text.utf8), at: offset) }

    /// Up to `count` bytes.
    func bytes(_ count: Int, at offset: UInt64 = 0) throws -> [UInt8] {
        var result = [UInt8](repeating: 0xEE, count: count)
        let done = try result.withUnsafeMutableBytes { try read(into: $0, at: offset) }
        return Array(result.prefix(done))
    }

    func text() throws -> String { String(decoding: try bytes(Int(byteCount())), as: UTF8.self) }
}

extension FileMapping {
    func bytes(_ count: Int, from offset: Int = 0) throws -> [UInt8] {
        var result = [UInt8](repeating: 0xEE, count: count)
        try result.withUnsafeMutableBytes { try copy(from: offset, into: $0) }
        return result
    }
}

extension FileSystem {
    /// Makes a file with a text, synced or not.
    @discardableResult
    func make(_ path: String, _ text: String, synced: Bool = false) throws -> any StorageFile {
        let file = try open(path, mode: .createNew)
        try file.write(text)
        if synced { try file.sync() }
        return file
    }

    func text(_ path: String) throws -> String { try open(path, mode: .read).text() }
}

/// The errno of an I/O error; nil for success and for other errors.
func errnoOf(_ body: () throws -> Void) -> Int32? {
    do {
        try body()
        return nil
    } catch StorageError.inputOutput(_, _, let code) {
        return code
    } catch {
        return nil
    }
}
