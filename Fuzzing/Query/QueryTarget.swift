import BossDatabase
import BossQuery

#if canImport(BossFuzzBodies)
    package import BossFuzzBodies
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A script: what the parser accepts is printed, and that text gives the same statements.
package enum QueryTarget {
    package static let target = FuzzTarget("query", body: run, seeds: seeds)

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        let bytes = Array(input)
        let statements: [String]
        do { statements = try printed(bytes) } catch {
            let offset = error.position?.utf8Offset ?? -1
            try FuzzFailure.require((0...bytes.count).contains(offset), "an error at no place: \(error)")
            return
        }
        for text in statements {
            let again: [String]
            do { again = try printed(Array(text.utf8)) } catch {
                throw FuzzFailure("a printed statement is refused: \(text): \(error)")
            }
            try FuzzFailure.require(again == [text], "printed again as \(again), first as \(text)")
        }
    }

    private static func printed(_ bytes: [UInt8]) throws(DatabaseError) -> [String] {
        var parser = Parser(utf8: bytes)
        var texts: [String] = []
        while let parsed = try parser.next() { texts.append(String(parsed.statement)) }
        return texts
    }

    /// The statements of the grammar's folder of examples, which `BOSSQL_FUZZ_EXAMPLES` names.
    @Sendable private static func seeds() throws -> [[UInt8]] {
        guard let folder = getenv("BOSSQL_FUZZ_EXAMPLES").map({ String(cString: $0) }) else { return [] }
        return [folder, folder + "/errors"].flatMap { folder in
            names(in: folder).filter { $0.hasSuffix(".sql") }.sorted().compactMap {
                content("\(folder)/\($0)")
            }
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private static func content(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        return count >= 0 ? Array(bytes.prefix(count)) : nil
    }
}
