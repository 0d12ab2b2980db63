/// Why a mesh cannot be made or read.
public enum MeshError: Error, Hashable, Sendable {
    /// The surface has more triangles than allowed.
    case tooManyTriangles(limit: Int)
    /// A plane of the box is too large to be held.
    case planeTooLarge(byteCount: Int, limit: Int)
    /// A file is not what its format says.
    ///
    /// - Parameter place: `line 12` or `byte 40`.
    case malformed(format: MeshFormat, place: String, reason: String)
    /// Vertices and triangles do not fit together.
    case invalid(String)
}
