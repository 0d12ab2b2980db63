/// How results are written, the word of `.mode` and `--format`.
enum OutputFormat: String, CaseIterable, Hashable, Sendable {
    case table, csv, json, jsonl, line, markdown
    /// Volumes as the bytes of a .npy file.
    case npy
    /// Tables, and volumes as pictures made of characters.
    case ascii
    /// Pictures as the bytes of a PNG file.
    case png

    /// Whether a program reads the output: nothing but results may stand there.
    var isForMachines: Bool {
        switch self {
        case .csv, .json, .jsonl, .npy, .png: true
        case .table, .line, .markdown, .ascii: false
        }
    }
}

/// The settings of `.mode`, `.headers`, `.null` and `.width`.
struct FormatOptions: Hashable, Sendable {
    var format = OutputFormat.table
    var showsHeaders = true
    /// Stands for NULL; nil is `NULL` on screen and nothing in CSV.
    var null: String?
    /// The most columns a table cell takes; 0 is as many as it needs.
    var maximumWidth = 0
    /// Columns of the terminal that a table must fit; nil where lines may have any length.
    var screenWidth: Int?
    /// Box drawing characters and `…` need it.
    var isUTF8 = true
}
