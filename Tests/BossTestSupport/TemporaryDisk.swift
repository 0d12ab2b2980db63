import Foundation
import Glibc

/// A tmpfs of a given size, mounted in a folder of its own.
package final class TemporaryDisk {
    package let path: String
    package private(set) var byteCount: Int

    /// Nil where mounting is not allowed, which needs root.
    package init?(byteCount: Int) throws {
        self.byteCount = byteCount
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("bossdisk-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(byteCount)", "tmpfs", path]) else {
            try? FileManager.default.removeItem(atPath: path)
            return nil
        }
    }

    /// - Throws: `POSIXError` when the kernel refuses.
    package func resize(_ byteCount: Int) throws {
        guard try Self.run(["mount", "-o", "remount,size=\(byteCount)", path]) else {
            throw POSIXError(.ENOSPC)
        }
        self.byteCount = byteCount
    }

    package func freeByteCount() throws -> Int {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
        return (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
    }

    /// Takes every free byte with a file of its own, which is removed to give them back.
    ///
    /// - Returns: the path of that file.
    package func fill() throws -> String {
        let filler = path + "/filler-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: filler, contents: nil)
        guard let file = FileHandle(forWritingAtPath: filler) else { throw POSIXError(.EIO) }
        // The last bytes one page at a time; the disk ends it.
        for count in [1 << 20, 4096, 512] {
            let bytes = Data(count: count)
            while (try? file.write(contentsOf: bytes)) != nil {}
        }
        try file.close()
        return filler
    }

    package func unmount() {
        // Files that the test still holds open go with their last descriptor.
        _ = try? Self.run(["umount", "-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func run(_ words: [String]) throws -> Bool {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let child = try ChildProcess(
            executable: "/usr/bin/env", words, descriptors: [null, null, null],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
        return child.wait(seconds: 30) == 0
    }
}
