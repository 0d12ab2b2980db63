package import BossGeometry

extension Channel {
    /// Whether another channel has the same voxels in space at a level.
    ///
    /// - Throws: 22V05.
    package func requireSameSpace(_ other: Channel, at level: ResolutionLevel) throws(DatabaseError) {
        let theirs = try mappingErrors { () throws(GeometryError) in
            try other.hierarchy.level(level.level, isIsotropic: level.isIsotropic)
        }
        guard other.box(at: theirs) == box(at: level),
            other.voxelNanometers(at: theirs) == voxelNanometers(at: level)
        else {
            throw DatabaseError(
                "22V05", "\(path) and \(other.path) differ in extent or voxel size at resolution \(level)",
                hint: "see DESCRIBE \(other.path)")
        }
    }

    private func voxelNanometers(at level: ResolutionLevel) -> PhysicalSize {
        hierarchy.voxelSize(at: level).scaled(by: hierarchy.frame.unit.nanometersPerUnit)
    }
}
