package import BossMeshes

extension DatabaseError {
    /// An error of a mesh or of a file with one.
    package init(_ error: MeshError, file: String = "it") {
        switch error {
        case .tooManyTriangles(let limit):
            self.init(
                "53200",
                "the surface has more than \(limit) triangles, which is more than a mesh may take of memory",
                hint: "ask for a coarser level with RES, or for a part with X, Y and Z")
        case .planeTooLarge(let byteCount, let limit):
            self.init(
                "53200", "a plane of the object's box takes \(byteCount) bytes, the limit is \(limit)",
                hint: "ask for a coarser level with RES, or for a part with X, Y and Z")
        case .malformed(let format, let place, let reason):
            self.init(
                "22V09", "\(file) cannot be read as \(format.rawValue): \(place): \(reason)",
                hint: "meshes are read from OBJ, PLY and Neuroglancer's precomputed fragments")
        case .invalid(let reason):
            self.init("22V09", "\(file) is no mesh: \(reason)")
        }
        cause = error
    }
}

/// As for the other layers, for meshes.
package func mappingErrors<R>(_ body: () throws(MeshError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw DatabaseError(error) }
}
