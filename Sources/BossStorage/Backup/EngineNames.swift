/// The names that the engine gives to files and folders, relative to the directory of a database.
///
/// What bears another name was put there by somebody else.
package enum EngineNames {
    private static let hexDigits = Set("0123456789abcdef".utf8)

    /// Whether a file of this path can be one of the engine's.
    package static func isFile(_ path: String) -> Bool {
        let (folder, name) = StoragePath.split(path)
        switch folder {
        case "": return path == WriterStatus.path || path == SpaceReserve.path
        case ManifestRoot.directory:
            return ManifestRoot.number(ofFile: name) != nil || isIdentifier(name, prefix: "tmp.")
        case ShardReference.directory: return isIdentifier(name, suffix: ".ms")
        case "wal": return isIdentifier(name, suffix: ".seg")
        case "readers": return isIdentifier(name, suffix: ".lease")
        default: return isFolder(folder) && folder.hasPrefix("seg/") && isIdentifier(name, suffix: ".seg")
        }
    }

    /// Whether a folder of this path can be one of the engine's.
    package static func isFolder(_ path: String) -> Bool {
        switch path {
        case ManifestRoot.directory, ShardReference.directory, "wal", "seg", "readers": true
        default:
            path.utf8.count == 6 && path.hasPrefix("seg/")
                && path.utf8.suffix(2).allSatisfy(hexDigits.contains)
        }
    }

    /// Whether a file names a state of the engine.
    package static func isRoot(_ path: String) -> Bool {
        let (folder, name) = StoragePath.split(path)
        return folder == ManifestRoot.directory && ManifestRoot.number(ofFile: name) != nil
    }

    /// The length of a LOCK with the status of a writer.
    package static let lockByteCount = Int(WriterStatus.offset) + WriterStatus.byteCount

    /// The name of the process that held a lock, for the whole content of a LOCK, with the status of a writer or without;
    /// nil for anything else.
    package static func holder(inLock bytes: [UInt8]) -> String? {
        guard bytes.count == LockHolder.byteCount || bytes.count == lockByteCount else { return nil }
        let text = LockHolder.decode(bytes)
        guard bytes.starts(with: LockHolder.encode(text)) else { return nil }
        let gap = bytes.dropFirst(LockHolder.byteCount).prefix(
            Int(WriterStatus.offset) - LockHolder.byteCount)
        return gap.allSatisfy { $0 == 0 } ? text : nil
    }

    private static func isIdentifier(_ name: String, prefix: String = "", suffix: String = "") -> Bool {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
        let digits = name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
        return digits.count == 32 && digits.allSatisfy(hexDigits.contains)
    }
}
