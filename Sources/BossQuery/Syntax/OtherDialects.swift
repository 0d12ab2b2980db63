/// Words of other databases' SQL for which this language has another one, or none.
enum OtherDialects {
    /// What a statement that begins with the word would be here.
    private static let statements = [
        "START": "BEGIN begins a transaction", "END": "COMMIT ends a transaction and keeps its changes",
        "ABORT": "ROLLBACK ends a transaction and undoes it",
        "REVERT": "RESTORE path TO @version brings old voxels back",
    ]

    /// A hint for the first word of a statement.
    static func hint(forStatement word: String) -> String? { statements[word.uppercased()] }

    /// A hint for a word behind one that this language has too.
    static func hint(for word: String, after previous: Keyword?) -> String? {
        switch (previous, word.uppercased()) {
        case (.begin, "TRANSACTION"), (.begin, "WORK"), (.commit, "TRANSACTION"), (.commit, "WORK"),
            (.rollback, "TRANSACTION"), (.rollback, "WORK"):
            "leave the word out: BEGIN, COMMIT and ROLLBACK stand alone"
        default: nil
        }
    }
}
