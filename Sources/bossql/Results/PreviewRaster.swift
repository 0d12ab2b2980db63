import BossGeometry
import BossQuery
import BossVoxels

/// A small picture of one slice of a volume, sampled so that its cost does not grow with the slice.
struct PreviewRaster {
    /// Greys from 0 to 255, or labels; row by row.
    enum Pixels: Hashable {
        case grey([UInt8])
        case labels([UInt64])
    }

    /// Samples an edge of a pixel that stands for many voxels.
    private static let samplesPerEdge = 4

    let width: Int
    let height: Int
    let pixels: Pixels

    /// Samples a slice spanned by the volume's last two axes; the others stand at their middle.
    ///
    /// Greys are stretched so that the darkest sample is 0 and the brightest 255. NaN is 0.
    ///
    /// - Parameters:
    ///   - slice: index along the innermost axis that is not shown, z of a cutout; nil is the middle.
    ///   - maximumWidth: pixels, at least 1.
    ///   - maximumHeight: pixels, at least 1.
    /// - Returns: nil if the volume has fewer than two axes, no voxels, or no such slice.
    init?(_ result: VolumeResult, slice: Int? = nil, maximumWidth: Int, maximumHeight: Int) {
        let volume = result.volume
        let rank = volume.shape.count
        guard rank >= 2, volume.voxelCount > 0 else { return nil }
        let rows = volume.shape[rank - 2]
        let columns = volume.shape[rank - 1]
        var start = 0
        for axis in 0..<(rank - 2) {
            let length = volume.shape[axis]
            var position = length / 2
            if let slice, axis == rank - 3 { position = slice }
            guard position >= 0, position < length else { return nil }
            start = start * length + position
        }
        if let slice, rank == 2, slice != 0 { return nil }
        start *= rows * columns

        // Square voxels stay square: one factor for both axes, never above 1.
        let scale = min(1, Double(maximumWidth) / Double(columns), Double(maximumHeight) / Double(rows))
        width = max(1, min(maximumWidth, Int((Double(columns) * scale).rounded())))
        height = max(1, min(maximumHeight, Int((Double(rows) * scale).rounded())))
        let grid = Grid(rows: rows, columns: columns, width: width, height: height, start: start)
        pixels = volume.withUnsafeBytes { bytes in
            let reader = VoxelReader(bytes: bytes, type: volume.voxelType)
            let isLabels = result.isAnnotation && volume.voxelType.isInteger
            return isLabels ? .labels(grid.labels(reader)) : .grey(grid.greys(reader))
        }
    }

    /// Maps pixels to the voxels that they stand for.
    private struct Grid {
        let rows, columns, width, height, start: Int

        /// The voxel at fraction `(2 * step + 1) / (2 * steps)` of a pixel's edge.
        private func position(_ pixel: Int, of pixels: Int, length: Int, step: Int, of steps: Int) -> Int {
            (2 * (pixel * steps + step) + 1) * length / (2 * pixels * steps)
        }

        /// Labels cannot be averaged: the voxel in the middle stands for all.
        func labels(_ reader: VoxelReader) -> [UInt64] {
            var labels: [UInt64] = []
            labels.reserveCapacity(width * height)
            for y in 0..<height {
                let row = start + position(y, of: height, length: rows, step: 0, of: 1) * columns
                for x in 0..<width {
                    labels.append(reader.label(row + position(x, of: width, length: columns, step: 0, of: 1)))
                }
            }
            return labels
        }

        func greys(_ reader: VoxelReader) -> [UInt8] {
            let xSteps = min(PreviewRaster.samplesPerEdge, (columns + width - 1) / width)
            let ySteps = min(PreviewRaster.samplesPerEdge, (rows + height - 1) / height)
            var means: [Double] = []
            means.reserveCapacity(width * height)
            for y in 0..<height {
                for x in 0..<width {
                    var sum = 0.0
                    for yStep in 0..<ySteps {
                        let voxelRow = position(y, of: height, length: rows, step: yStep, of: ySteps)
                        for xStep in 0..<xSteps {
                            let column = position(x, of: width, length: columns, step: xStep, of: xSteps)
                            sum += reader.brightness(start + voxelRow * columns + column)
                        }
                    }
                    means.append(sum / Double(xSteps * ySteps))
                }
            }
            return stretched(means)
        }

        private func stretched(_ values: [Double]) -> [UInt8] {
            var least = Double.infinity
            var most = -Double.infinity
            for value in values where value.isFinite {
                least = min(least, value)
                most = max(most, value)
            }
            // One value everywhere: black if it is background, else a middle grey.
            guard least < most else { return values.map { $0.isFinite && $0 != 0 ? 128 : 0 } }
            return values.map { value in
                guard !value.isNaN else { return 0 }
                let fraction = (min(max(value, least), most) - least) / (most - least)
                return UInt8(min(255, max(0, (fraction * 255).rounded())))
            }
        }
    }
}
