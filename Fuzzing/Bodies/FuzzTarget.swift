/// Bytes to a reader: what one fuzz target does with one input, and honest inputs to start from.
///
/// `run` is the same code under libFuzzer (`Scripts/fuzz.sh`) and in the tests, which replay the corpora.
package struct FuzzTarget: Sendable {
    /// Name of the target and of its folder in `Fuzzing/Corpus`.
    package let name: String
    private let body: @Sendable (UnsafeRawBufferPointer) throws -> Void
    private let makeSeeds: @Sendable () throws -> [[UInt8]]

    package init(
        _ name: String, body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void,
        seeds: @escaping @Sendable () throws -> [[UInt8]]
    ) {
        self.name = name
        self.body = body
        makeSeeds = seeds
    }

    /// Runs the target on one input. A reader that refuses it is right; only what an oracle says is a failure.
    ///
    /// - Throws: `FuzzFailure` with what is wrong.
    package func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        do { try body(bytes) } catch let failure as FuzzFailure {
            throw failure
        } catch {}
    }

    /// Inputs made by the real encoders.
    package func seeds() throws -> [[UInt8]] { try makeSeeds() }
}

/// A reader gave a wrong answer.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// Throws unless a condition holds.
    package static func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(FuzzFailure) {
        guard condition else { throw FuzzFailure(text()) }
    }
}

/// The targets that need nothing above the storage engine and the file formats.
package enum StorageTargets {
    package static let all: [FuzzTarget] = [
        PageTarget.target, SegmentTarget.target, ManifestTarget.target, LogTarget.target, StatusTarget.target,
        CodecTarget.target, RoundTripTarget.target, DatabaseTarget.target, FormatsTarget.target,
        MeshTarget.target, LabelTarget.target,
    ]
}

/// Takes values from the front of an input; an input that has ended gives zeros.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes)[...] }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    /// A number of one to eight bytes, little-endian.
    mutating func number(byteCount: Int) -> Int {
        (0..<byteCount).reduce(0) { $0 | Int(byte()) << (8 * $1) }
    }

    /// Up to `count` bytes.
    mutating func take(_ count: Int) -> [UInt8] {
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    /// All that is left.
    mutating func rest() -> [UInt8] {
        defer { bytes = [] }
        return Array(bytes)
    }
}

/// Little-endian numbers in damaged bytes: out of range is nothing.
extension [UInt8] {
    func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    /// An offset or length that can be an index here.
    func index(_ offset: Int) -> Int? { number(UInt64.self, at: offset).flatMap { Int(exactly: $0) } }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return }
        Swift.withUnsafeBytes(of: value.littleEndian) {
            for (index, byte) in $0.enumerated() { self[offset + index] = byte }
        }
    }
}
