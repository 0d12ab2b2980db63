import Foundation
import GRDB

/// A redo, read back and checked. The byte table is in `RedoLog`.
struct Redo {
    /// A text of `texts` and what is bound to it.
    struct Statement {
        var text: Int
        var arguments: [DatabaseValue]
    }

    private(set) var base: Int64 = 0
    private(set) var texts: [String] = []
    private(set) var statements: [Statement] = []

    /// Reads the bytes whole before anything is done with them.
    ///
    /// - Throws: `.corrupt` for anything but what `RedoLog` wrote.
    init(_ bytes: [UInt8], file: String) throws(CatalogError) {
        guard let redo = Redo(bytes) else {
            throw .corrupt(file: file, reason: "the redo of a commit is damaged")
        }
        self = redo
    }

    private init?(_ bytes: [UInt8]) {
        let (header, checksum) = (RedoLog.headerByteCount, RedoLog.checksumByteCount)
        guard bytes.count > header + checksum, bytes.starts(with: RedoLog.magic) else { return nil }
        let end = bytes.count - checksum
        var reader = RedoReader(bytes: bytes, offset: RedoLog.magic.count)
        guard let base = reader.word(), reader.word() == UInt64(end - header) else { return nil }
        var hash = FNV1a()
        hash.add(bytes[..<end])
        var trailer = RedoReader(bytes: bytes, offset: end)
        guard trailer.word() == hash.value else { return nil }
        self.base = Int64(bitPattern: base)
        reader.end = end
        while reader.offset < end {
            guard let text = reader.number(), text <= texts.count else { return nil }
            if text == texts.count {
                guard let sql = reader.text(), Self.changesRows(sql) else { return nil }
                texts.append(sql)
            }
            // Each argument takes a byte at least.
            guard let count = reader.number(), count <= end - reader.offset else { return nil }
            var arguments: [DatabaseValue] = []
            for _ in 0..<count {
                guard let argument = reader.argument() else { return nil }
                arguments.append(argument)
            }
            statements.append(Statement(text: text, arguments: arguments))
        }
    }

    private static func changesRows(_ sql: String) -> Bool {
        ["INSERT ", "UPDATE ", "DELETE "].contains { sql.hasPrefix($0) }
    }

    /// Runs the statements again, inside a transaction.
    ///
    /// - Throws: `.corrupt` if the catalog is not in the state that they were recorded on.
    func replay(on db: Database, file: String) throws {
        guard try CatalogSeal.storedDigest(db) == base else {
            throw CatalogError.corrupt(
                file: file, reason: "it is not in the state that the redo of a commit belongs to")
        }
        do {
            let prepared = try texts.map { try db.makeStatement(sql: $0) }
            for statement in statements {
                try prepared[statement.text].execute(arguments: StatementArguments(statement.arguments))
            }
        } catch let error as DatabaseError where Self.misfits.contains(error.resultCode) {
            throw CatalogError.corrupt(
                file: file, reason: "the redo of a commit does not fit: \(error.message ?? "SQLite error")")
        }
    }

    /// What SQLite and GRDB answer to a statement that is not for these tables.
    private static let misfits: [ResultCode] = [
        .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_MISUSE, .SQLITE_RANGE, .SQLITE_TOOBIG,
        .SQLITE_AUTH,
    ]
}

/// Reads forward in bytes; nil where they end too early.
private struct RedoReader {
    private let bytes: [UInt8]
    private(set) var offset: Int
    var end: Int

    init(bytes: [UInt8], offset: Int) {
        self.bytes = bytes
        self.offset = offset
        end = bytes.count
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= end - offset else { return nil }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func word() -> UInt64? {
        take(8)?.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// A number in LEB128 that fits an `Int`.
    mutating func number() -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = take(1)?.first else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return Int(exactly: value) }
        }
        return nil
    }

    mutating func text() -> String? {
        guard let count = number(), let content = take(count) else { return nil }
        return String(validating: content, as: UTF8.self)
    }

    mutating func argument() -> DatabaseValue? {
        guard let tag = take(1)?.first else { return nil }
        switch tag {
        case 0: return .null
        case 1: return word().map { Int64(bitPattern: $0).databaseValue }
        case 2: return word().map { Double(bitPattern: $0).databaseValue }
        case 3: return text()?.databaseValue
        case 4:
            guard let count = number(), let content = take(count) else { return nil }
            return Data(content).databaseValue
        default: return nil
        }
    }
}
