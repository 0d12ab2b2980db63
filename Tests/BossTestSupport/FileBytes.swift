import Foundation
import Glibc

/// What a file holds. Foundation's `Data(contentsOf:)` leaks memory for an empty one (Swift 6.3), which the address
/// sanitizer reports.
package func fileBytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "re") else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    guard ferror(file) == 0 else { throw POSIXError(.EIO) }
    return bytes
}
