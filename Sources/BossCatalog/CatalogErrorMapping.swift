import GRDB

extension CatalogError {
    /// The catalog's error for anything thrown while working on a file.
    init(_ error: any Error, file: String) {
        switch error {
        case let error as CatalogError: self = error
        case let error as DatabaseError: self = Self.mapping(error, file: file)
        case is RowDecodingError:
            self = .corrupt(file: file, reason: "a column has a value of the wrong type")
        default: self = .sqlite(code: -1, message: "\(error)")
        }
    }

    private static func mapping(_ error: DatabaseError, file: String) -> CatalogError {
        let message = error.message ?? "SQLite error"
        // A truncated page is damage, not a failing disk.
        if error.extendedResultCode == .SQLITE_IOERR_SHORT_READ {
            return .corrupt(file: file, reason: message)
        }
        if error.extendedResultCode == .SQLITE_READONLY_DBMOVED {
            return .sqlite(code: error.extendedResultCode.rawValue, message: message)
        }
        if error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
            return .needsRecovery(file: file)
        }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            return .corrupt(file: file, reason: message)
        case .SQLITE_ERROR:
            // The statements are fixed and the schema version was checked: a table or a column is missing.
            return .corrupt(file: file, reason: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return .locked(file: file)
        case .SQLITE_FULL:
            return .diskFull(file: file)
        case .SQLITE_READONLY, .SQLITE_PERM:
            return .readOnly
        default:
            return .sqlite(code: error.extendedResultCode.rawValue, message: message)
        }
    }
}
