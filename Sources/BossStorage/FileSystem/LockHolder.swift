/// The text that names the holder of a lock file, for messages to people.
///
///     0    256 bytes   UTF-8 text, a line feed, zeros to the end
///
/// Whatever lies behind the first 256 bytes of the file belongs to others and is never touched.
enum LockHolder {
    /// Bytes at the start of a lock file that the holder's text fills.
    static let byteCount = 256

    /// The bytes to write for a holder; a longer text is cut between characters.
    static func encode(_ holder: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for character in holder where character != "\0" && !character.isNewline {
            let encoded = Array(String(character).utf8)
            guard bytes.count + encoded.count < byteCount else { break }
            bytes += encoded
        }
        bytes.append(UInt8(ascii: "\n"))
        bytes += [UInt8](repeating: 0, count: byteCount - bytes.count)
        return bytes
    }

    /// The text in the first bytes of a lock file; `""` when none was written yet.
    static func decode(_ bytes: [UInt8]) -> String {
        let text = bytes.prefix(byteCount).prefix { $0 != 0 && $0 != UInt8(ascii: "\n") }
        return String(decoding: text, as: UTF8.self)
    }
}
