/// A name for a commit: what was committed up to it stays readable as long as the snapshot exists.
///
/// In the manifest: u64 sequence number, i64 creation time, u64 scope, u16 and u32 byte lengths, name and message in
/// UTF-8.
package struct NamedSnapshot: Hashable, Sendable {
    /// The newest commit that it shows.
    package let sequence: UInt64
    /// When it was made, microseconds since 1970 UTC.
    package let microseconds: Int64
    /// What the name belongs to, a number of the catalog; names are unique within it.
    package let scope: UInt64
    /// The name.
    package let name: String
    /// What its maker says about it.
    package let message: String

    /// Bytes that name and message may have.
    package static let nameLimit = 255
    /// Bytes that a message may have.
    package static let messageLimit = 64 << 10

    init(sequence: UInt64, microseconds: Int64, scope: UInt64, name: String, message: String) {
        self.sequence = sequence
        self.microseconds = microseconds
        self.scope = scope
        self.name = name
        self.message = message
    }

    func write(to writer: inout ByteWriter) {
        writer.append(sequence)
        writer.append(microseconds)
        writer.append(scope)
        writer.append(UInt16(name.utf8.count))
        writer.append(UInt32(message.utf8.count))
        writer.append(contentsOf: Array(name.utf8))
        writer.append(contentsOf: Array(message.utf8))
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        sequence = try cursor.next()
        microseconds = try cursor.next()
        scope = try cursor.next()
        let nameByteCount = Int(try cursor.next(UInt16.self))
        let messageByteCount = Int(try cursor.next(UInt32.self))
        name = String(decoding: try cursor.slice(nameByteCount), as: UTF8.self)
        message = String(decoding: try cursor.slice(messageByteCount), as: UTF8.self)
    }
}

/// How much of the past can be read.
package struct HistoryRange: Hashable, Sendable {
    /// The oldest commit that can still be read without a snapshot.
    package var oldest: UInt64 = 0
    /// How long older versions are kept, in microseconds, as far as the space bound allows.
    package var retention: Int64 = Self.standardRetention

    /// One day.
    package static let standardRetention: Int64 = 86_400_000_000

    init() {}

    func write(to writer: inout ByteWriter) {
        writer.append(oldest)
        writer.append(retention)
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        oldest = try cursor.next()
        retention = try cursor.next()
    }
}
