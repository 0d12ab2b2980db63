/// The files that meshes are written to and read from. The raw value is the word of the language.
///
/// Coordinates are nanometers in all of them. OBJ and PLY files of other programs say nothing about their unit.
public enum MeshFormat: String, CaseIterable, Hashable, Sendable {
    /// Wavefront OBJ, text.
    case obj = "OBJ"
    /// Stanford PLY; written binary little-endian, read in all three encodings.
    case ply = "PLY"
    /// A fragment of Neuroglancer's legacy meshes: vertex count, positions, triples of places.
    case precomputed = "PRECOMPUTED"

    /// For example `model/obj`.
    public var mediaType: String {
        switch self {
        case .obj: "model/obj"
        case .ply: "model/ply"
        case .precomputed: "application/octet-stream"
        }
    }

    /// Of a file name, without a dot.
    public var fileExtension: String {
        switch self {
        case .obj: "obj"
        case .ply: "ply"
        case .precomputed: "ngmesh"
        }
    }

    /// The format that a file's name asks for; nil for an extension that no format has.
    public init?(ofFile name: String) {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let ending = name[name.index(after: dot)...].lowercased()
        guard let format = Self.allCases.first(where: { $0.fileExtension == ending }) else { return nil }
        self = format
    }

    /// The format of a file's content. PLY begins with its name, a fragment has bytes that no text has.
    public init(of bytes: [UInt8]) {
        if bytes.starts(with: Array("ply".utf8)), bytes.count > 3, bytes[3] == 10 || bytes[3] == 13 {
            self = .ply
        } else {
            self = bytes.prefix(4096).contains(0) ? .precomputed : .obj
        }
    }
}

extension Mesh {
    /// The bytes of a file.
    ///
    /// - Parameter byteLimit: of PLY and PRECOMPUTED exactly; OBJ may be found too long only when it is written.
    /// - Returns: nil when the file would be longer than the limit.
    public func encoded(as format: MeshFormat, byteLimit: Int = .max) -> [UInt8]? {
        switch format {
        case .obj: OBJFormat.encode(self, byteLimit: byteLimit)
        case .ply: PLYFormat.encode(self, byteLimit: byteLimit)
        case .precomputed: PrecomputedFormat.encode(self, byteLimit: byteLimit)
        }
    }

    /// Reads the bytes of a file; polygons become fans of triangles.
    ///
    /// - Parameter format: that of the content when nil.
    /// - Throws: `MeshError.malformed`.
    public init(encoded bytes: [UInt8], as format: MeshFormat? = nil) throws(MeshError) {
        let format = format ?? MeshFormat(of: bytes)
        do throws(MeshError) {
            switch format {
            case .obj: self = try OBJFormat.decode(bytes)
            case .ply: self = try PLYFormat.decode(bytes)
            case .precomputed: self = try PrecomputedFormat.decode(bytes)
            }
        } catch {
            guard case .invalid(let reason) = error else { throw error }
            throw .malformed(format: format, place: "its end", reason: reason)
        }
    }
}
