import BossQL
import Foundation
import Testing

@Suite("README")
struct ReadmeTests {
    @Test("the Swift example stands in the README as it is compiled here")
    func exampleIsPrinted() throws {
        let compiled = try Self.compiledExample()
        let printed = try Self.printedExample()
        #expect(printed.first == "import BossQL")
        #expect(printed.dropFirst().map { $0.replacing("\"example.bossdb\"", with: "path") } == compiled)
    }

    @Test("the Swift example prints what its comments say")
    func exampleRuns() throws {
        let folder = try TemporaryDirectory()
        var example = ReadmeExample()
        try example.run(path: folder.file("example.bossdb"))
        let promised = try Self.printedExample().filter { $0.contains("print(") }.compactMap { line in
            line.range(of: "// ").map { String(line[$0.upperBound...]) }
        }
        #expect(promised.count == 3)
        #expect(example.lines == promised)
    }

    // MARK: Reading the two

    private static func file(_ components: String...) -> URL {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return components.reduce(tests) { $0.appending(path: $1) }
    }

    /// The lines between two lines, without blanks at either end and without empty lines.
    private static func lines(of url: URL, after first: String, before last: String) throws -> [String] {
        let text = try String(contentsOf: url, encoding: .utf8)
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let start = try #require(lines.firstIndex(of: first), "\(url.path) has no line \(first)")
        let rest = lines[(start + 1)...]
        return Array(rest.prefix { $0 != last }).filter { !$0.isEmpty }
    }

    private static func printedExample() throws -> [String] {
        try lines(of: file("..", "..", "README.md"), after: "```swift", before: "```")
    }

    private static func compiledExample() throws -> [String] {
        try lines(of: file("ReadmeTests.swift"), after: "// BEGIN EXAMPLE", before: "// END EXAMPLE")
    }
}

/// The example as code. It prints into `lines`.
private struct ReadmeExample {
    private(set) var lines: [String] = []

    private mutating func print(_ items: Any...) {
        lines.append(items.map { "\($0)" }.joined(separator: " "))
    }

    mutating func run(path: String) throws {
        // BEGIN EXAMPLE
        let database = try Database.open(path)  // makes it, if it is not there
        try database.createCollection("lab")
        try database.createFrame(
            "block", box: VoxelBox(x: 0..<512, y: 0..<512, z: 0..<64),
            voxelSize: PhysicalSize(x: 4, y: 4, z: 40), unit: .nanometers)
        try database.createExperiment("lab/mouse", frame: "block")
        let neurons = try database.createChannel(
            "lab/mouse/neurons", kind: .annotation, voxelType: .uint64)

        // A volume is addressed by x, y, z; in memory x is fastest.
        var labels = try Volume<UInt64>(extent: VoxelExtent(x: 100, y: 80, z: 20))
        labels[x: 1, y: 2, z: 3] = 42
        labels[x: 9, y: 8, z: 7] = 42
        try neurons.write(labels, at: VoxelPoint(x: 200, y: 100, z: 5))

        let region = CutoutRegion(box: VoxelBox(x: 200..<216, y: 100..<116, z: 0..<16))
        let cutout = try neurons.read(region, as: UInt64.self)
        print(cutout[x: 9, y: 8, z: 12])  // 42

        var effort = ReadStatistics()
        for label in try neurons.labels(in: region, statistics: &effort) {
            print(label.id, label.voxelCount, label.box)  // 42 2 X 201:210 Y 102:109 Z 8:13
        }

        // The same in the query language.
        let session = Session(database: database)
        let answer = try session.query("FIND IDS IN lab/mouse/neurons X 0:256 Y 0:256;")
        if case .rows(let table) = answer.value {
            for case .unsigned(let id) in table.rows.joined() { print(id) }  // 42
        }
        try database.close()
        // END EXAMPLE
    }
}
