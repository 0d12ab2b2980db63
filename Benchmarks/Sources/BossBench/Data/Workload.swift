import BossQL
import Foundation

/// A workload file: JSON lines, first what it is about, then one operation a line.
struct Workload {
    /// The first line.
    struct Header: Codable {
        var format = "bossql-workload"
        var version = 1
        var name: String
        var volume: String
        var dtype: String
        /// Lengths along x, y, z.
        var shape: [Int]
        var seed: UInt64
        var count: Int
    }
    var header: Header
    var operations: [Operation]

    /// Reads a workload file.
    ///
    /// - Throws: `BenchError.file` naming the line that cannot be understood.
    init(path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw BenchError.file(path: path, reason: "cannot be read")
        }
        let lines = text.split(separator: "\n")
        let decoder = JSONDecoder()
        func decode<T: Decodable>(_ type: T.Type, _ number: Int) throws -> T {
            do { return try decoder.decode(type, from: Data(lines[number].utf8)) } catch {
                throw BenchError.file(path: path, reason: "line \(number + 1): \(error)")
            }
        }
        guard !lines.isEmpty else { throw BenchError.file(path: path, reason: "is empty") }
        header = try decode(Header.self, 0)
        guard header.format == "bossql-workload", header.version == 1 else {
            throw BenchError.file(path: path, reason: "is no workload of version 1")
        }
        operations = try (1..<lines.count).map { try decode(Operation.self, $0) }
    }

    init(header: Header, operations: [Operation]) {
        (self.header, self.operations) = (header, operations)
    }

    /// Writes a workload file.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = String(decoding: try encoder.encode(header), as: UTF8.self) + "\n"
        for operation in operations {
            text += String(decoding: try encoder.encode(operation), as: UTF8.self) + "\n"
        }
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}

/// One operation of a workload. Boxes are x0, x1, y0, y1, z0, z1, half open.
struct Operation: Codable {
    /// Voxel (x, y, z), absolute, becomes a x + b y + c z + d modulo the values of the type.
    struct Fill: Codable {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64
    }
    var op: String
    var box: [Int]?
    var dtype: String?
    var fill: Fill?
    var id: UInt64?
    var step: [Int]?
    var factor: [Int]?
    var method: String?

    /// The box of the operation.
    ///
    /// - Throws: `BenchError.unsupported` unless there are six numbers in order.
    func voxelBox() throws -> VoxelBox {
        guard let box, box.count == 6, box[0] <= box[1], box[2] <= box[3], box[4] <= box[5] else {
            throw BenchError.unsupported("an operation \(op) without a box")
        }
        return VoxelBox(x: box[0]..<box[1], y: box[2]..<box[3], z: box[4]..<box[5])
    }
}

extension VoxelBox {
    /// The six numbers of a workload file.
    var numbers: [Int] { [lower.x, upper.x, lower.y, upper.y, lower.z, upper.z] }
}

extension VoxelType {
    /// The type with a NumPy name such as `uint8`.
    init(numpyName: String) throws {
        guard let type = VoxelType(rawValue: numpyName.uppercased()) else {
            throw BenchError.unsupported("voxels of type \(numpyName)")
        }
        self = type
    }

    /// The NumPy name, such as `uint8`.
    var numpyName: String { rawValue.lowercased() }
}
