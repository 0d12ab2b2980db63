import BossGeometry
public import BossMeshes
import BossStorage
import BossVoxels

/// Surfaces of objects, made from their labels.
extension Channel {
    /// Triangles of a mesh that is made: about 600 MB with their vertices.
    static let triangleLimit = 1 << 25

    /// The surface of an object, in nanometers from the frame's physical origin.
    ///
    ///     let mesh = try channel.mesh(of: 42)
    ///     let bytes = mesh.encoded(as: .ply)
    ///
    /// The surface is closed: what lies outside of the region and of the channel counts as background.
    ///
    /// - Parameter region: where the object is looked for, with at most one time sample; all of the base level by default.
    /// - Returns: every edge belongs to two triangles; normals point outwards.
    /// - Throws: 22V08 for an image channel, 02V01 for an ID without voxels there, 53200 for more triangles than memory
    ///   is given for, and as `read`.
    /// - Complexity: reads the cuboids of the object's bounding box, a few planes of them at a time; memory is taken by
    ///   the surface.
    public func mesh(
        of id: UInt64, in region: CutoutRegion? = nil, view: DatabaseView? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> Mesh {
        var statistics = ReadStatistics()
        var region = if let region { region } else { try wholeBaseLevel }
        let pinned = if let view { view } else { try database.view() }
        let found = try boundingBoxes(
            of: [id], in: region, view: pinned, control: control, statistics: &statistics)
        guard let object = found.first else {
            throw DatabaseError("02V01", "\(path) has no voxel of ID \(id) there")
        }
        region.box = object.box
        return try mesh(of: id, within: region, view: pinned, control: control, statistics: &statistics)
    }

    /// The surface of the part of an object that lies in a region.
    ///
    /// - Parameter region: all of it is read, so it should be a bounding box; one time sample.
    package func mesh(
        of id: UInt64, within region: CutoutRegion, view: DatabaseView,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> Mesh {
        try requireAnnotation()
        let checked = try check(region)
        guard checked.time.count == 1 else {
            throw DatabaseError("22023", "a mesh is of one time sample, not of \(checked.time.count)")
        }
        let unit = hierarchy.frame.unit.nanometersPerUnit
        let size = hierarchy.voxelSize(at: checked.level).scaled(by: unit)
        var nets = try mappingErrors { () throws(MeshError) in
            try SurfaceNets(
                box: checked.box, voxelSizeNanometers: size, triangleLimit: Self.triangleLimit)
        }
        let sectionByteCount = checked.box.extent.x * checked.box.extent.y * voxelType.byteCount
        for slab in slabs(of: checked.box) {
            try control.cancellation.check()
            let part = CutoutRegion(box: slab, level: checked.level, time: checked.time)
            let runs = try runs(of: id, in: part, view, control, &statistics)
            for plane in runs.planes {
                try mappingErrors { () throws(MeshError) in try nets.append(plane) }
            }
            control.progress?(
                Progress(
                    title: "mesh of ID \(id) of \(path)",
                    completedByteCount: (slab.upper.z - checked.box.lower.z)
                        .multipliedSaturating(by: sectionByteCount),
                    totalByteCount: checked.box.extent.z.multipliedSaturating(by: sectionByteCount)))
        }
        return try mappingErrors { () throws(MeshError) in try nets.finish() }
    }

    /// A layer of cuboids after the other.
    private func slabs(of box: VoxelBox) -> [VoxelBox] {
        let depth = grid.cuboid.z
        return (box.lower.z / depth...(box.upper.z - 1) / depth).map { layer in
            let range = layer * depth..<(layer + 1) * depth
            return VoxelBox(x: box[.x], y: box[.y], z: range.clamped(to: box[.z]))
        }
    }

    private func runs(
        of id: UInt64, in slab: CutoutRegion, _ view: DatabaseView, _ control: OperationControl,
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> ObjectRuns {
        let planes = slab.box[.z]
        // Where the index knows that, the cuboids beside the object are left alone.
        let parts = try boundingBoxes(
            of: [id], in: slab, view: view, control: control, statistics: &statistics)
        guard let part = parts.first else { return ObjectRuns(id, planes: planes) }
        var slab = slab
        slab.box = part.box
        // A slab of more runs than that hardly has fewer triangles.
        let runLimit = Self.triangleLimit
        return try fold(slab, view, control, &statistics, start: { ObjectRuns(id, planes: planes) }) {
            (runs, box, content) throws(DatabaseError) in
            runs.add(box, content)
            guard runs.count <= runLimit else {
                throw DatabaseError(MeshError.tooManyTriangles(limit: Self.triangleLimit))
            }
        } absent: { _, _ in
        } merge: {
            $0.merge($1)
        }
    }

    /// All voxels of the base level at the default time sample.
    var wholeBaseLevel: CutoutRegion {
        get throws(DatabaseError) { CutoutRegion(box: box(at: try layout.baseLevel)) }
    }
}
