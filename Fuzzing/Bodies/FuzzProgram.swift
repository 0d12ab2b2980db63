#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a program built by `Scripts/fuzz.sh` does at its start and with each input.
///
/// `BOSSQL_FUZZ_TARGET` names the target. With `BOSSQL_FUZZ_SEEDS` the program only writes the target's seeds
/// into that folder.
package struct FuzzProgram: Sendable {
    private let target: FuzzTarget

    /// Chooses a target.
    package init(_ targets: [FuzzTarget]) {
        let name = getenv("BOSSQL_FUZZ_TARGET").map { String(cString: $0) }
        guard let target = targets.first(where: { $0.name == name }) else {
            Self.stop("BOSSQL_FUZZ_TARGET is one of: " + targets.map(\.name).joined(separator: " "))
        }
        self.target = target
        guard let folder = getenv("BOSSQL_FUZZ_SEEDS").map({ String(cString: $0) }) else { return }
        do {
            for (number, seed) in try target.seeds().enumerated() {
                let descriptor = open("\(folder)/seed-\(number)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
                guard descriptor >= 0, write(descriptor, seed, seed.count) == seed.count else {
                    Self.stop("cannot write to \(folder)")
                }
                close(descriptor)
            }
        } catch { Self.stop("the seeds of \(target.name) cannot be made: \(error)") }
        exit(0)
    }

    /// Runs one input; a wrong answer ends the process, as a trap does.
    package func run(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        do { try target.run(UnsafeRawBufferPointer(start: start, count: count)) } catch {
            Self.say("fuzz target \(target.name): \(error)")
            abort()
        }
    }

    private static func say(_ text: String) {
        let line = text + "\n"
        _ = line.withCString { write(2, $0, strlen($0)) }
    }

    private static func stop(_ text: String) -> Never {
        say(text)
        exit(64)
    }
}
