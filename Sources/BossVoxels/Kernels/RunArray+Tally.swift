package import BossGeometry
import CVoxelKernels

/// What is known of one value of an array: how often it occurs and where.
package struct LabelTally: Sendable {
    /// Its voxels, at least one.
    package let voxelCount: Int
    /// The sums of their coordinates, from the first voxel of the box that was tallied.
    package let coordinateSums: (x: UInt64, y: UInt64, z: UInt64)
    /// The smallest box around them, from the same voxel.
    package let box: VoxelBox
}

extension RunArray {
    /// Calls `body` with each value of a part of the array that has voxels there, ascending.
    ///
    /// - Precondition: the box lies inside the array.
    /// - Complexity: one step a run.
    package func forEachTally<Failure: Error>(
        in part: VoxelBox, _ body: (UInt64, LabelTally) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(VoxelBox(origin: .zero, extent: extent).contains(part), "the box lies inside the array")
        let none = cvk_tally(
            count: 0, sum_x: 0, sum_y: 0, sum_z: 0, lower_x: .max, lower_y: .max, lower_z: .max, upper_x: 0,
            upper_y: 0, upper_z: 0)
        var tallies = [cvk_tally](repeating: none, count: valueCount)
        try withParts { (palette, rowStarts, runs) throws(Failure) in
            guard let values = palette.baseAddress, let starts = rowStarts.baseAddress,
                let first = runs.baseAddress
            else { return }
            var array = cvk_run_array(palette: values, row_starts: starts, runs: first)
            var place = cvk_run_part(
                x: part.lower.x, y: part.lower.y, z: part.lower.z, extent_x: part.extent.x,
                extent_y: part.extent.y,
                extent_z: part.extent.z, rows_of_plane: extent.y)
            cvk_tally_runs(&array, &place, &tallies)
            for (number, tally) in tallies.enumerated() where tally.count > 0 {
                try body(palette[number], LabelTally(tally))
            }
        }
    }
}

extension LabelTally {
    fileprivate init(_ tally: cvk_tally) {
        self.init(
            voxelCount: Int(tally.count), coordinateSums: (tally.sum_x, tally.sum_y, tally.sum_z),
            box: VoxelBox(
                x: Int(tally.lower_x)..<Int(tally.upper_x), y: Int(tally.lower_y)..<Int(tally.upper_y),
                z: Int(tally.lower_z)..<Int(tally.upper_z)))
    }
}
