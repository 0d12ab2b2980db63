package import BossGeometry
import CVoxelKernels

/// A dense array of labels as runs of equal voxels along x: what a label brick is before its voxels are written out.
///
/// Each row is a series of runs, each run its end and the number of its value in the palette, which ascends. The rows
/// of a segmentation have few runs, so that an array of 512 KiB takes about 16 KiB, and any box of it is had by filling
/// runs.
///
/// Memory: the palette (`UInt64` each), where each row starts among the runs (`UInt32` each, one more than rows), the
/// runs (`UInt32`: the end in the row in the low half, the number of the value in the high half).
package struct RunArray: Sendable {
    /// Voxels of a row at most, so that an end fits 16 bits.
    package static let rowLimit = Int(UInt16.max)
    /// Values at most, so that a number fits 16 bits.
    package static let paletteLimit = 1 << 16

    /// Voxels of the array; none of its edges is zero.
    package let extent: VoxelExtent
    /// Distinct values.
    package let valueCount: Int
    /// Runs of all rows.
    package let runCount: Int
    private let storage: VoxelStorage

    /// Rows of the array.
    package var rowCount: Int { extent.y * extent.z }
    /// Memory that it takes.
    package var byteCount: Int { storage.byteCount }

    /// An array whose memory `fill` puts together: palette, row starts, runs.
    ///
    /// The filler sees to it that palette and ends ascend, that each row ends with its length, and that numbers are
    /// within the palette; nothing checks that again.
    package init<Failure: Error>(
        extent: VoxelExtent, valueCount: Int, runCount: Int,
        fill: (
            UnsafeMutableBufferPointer<UInt64>, UnsafeMutableBufferPointer<UInt32>,
            UnsafeMutableBufferPointer<UInt32>
        ) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(Self.holds(extent) && 1...Self.paletteLimit ~= valueCount, "an array that runs can hold")
        self.extent = extent
        self.valueCount = valueCount
        self.runCount = runCount
        let rowCount = extent.y * extent.z
        storage = VoxelStorage(byteCount: valueCount * 8 + (rowCount + 1 + runCount) * 4, zeroed: false)
        let filled = storage.withUnsafeMutableBytes { bytes in
            Result { () throws(Failure) in
                guard let base = bytes.baseAddress else { return }
                let words = (base + valueCount * 8).assumingMemoryBound(to: UInt32.self)
                try fill(
                    UnsafeMutableBufferPointer(
                        start: base.assumingMemoryBound(to: UInt64.self), count: valueCount),
                    UnsafeMutableBufferPointer(start: words, count: rowCount + 1),
                    UnsafeMutableBufferPointer(start: words + rowCount + 1, count: runCount))
            }
        }
        try filled.get()
    }

    /// Whether arrays of an extent can be runs.
    package static func holds(_ extent: VoxelExtent) -> Bool {
        !extent.isEmpty && extent.x <= rowLimit && extent.voxelCount <= Int(UInt32.max)
    }

    /// The parts of the memory, valid during the call.
    package func withParts<R, Failure: Error>(
        _ body: (
            _ palette: UnsafeBufferPointer<UInt64>, _ rowStarts: UnsafeBufferPointer<UInt32>,
            _ runs: UnsafeBufferPointer<UInt32>
        ) throws(Failure) -> R
    ) throws(Failure) -> R {
        let result = storage.withUnsafeBytes { bytes -> Result<R, Failure> in
            guard let base = bytes.baseAddress else { preconditionFailure("storage has an address") }
            let words = (base + valueCount * 8).assumingMemoryBound(to: UInt32.self)
            return Result { () throws(Failure) in
                try body(
                    UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt64.self), count: valueCount),
                    UnsafeBufferPointer(start: words, count: rowCount + 1),
                    UnsafeBufferPointer(start: words + rowCount + 1, count: runCount))
            }
        }
        return try result.get()
    }

    /// Fills memory of exactly the array's voxels.
    package func fill(_ bytes: UnsafeMutableRawBufferPointer, voxelByteCount: Int) {
        precondition(bytes.count == extent.voxelCount * voxelByteCount, "memory for the array")
        guard let base = bytes.baseAddress else { return }
        fill(MutableVoxelWindow(base, extent: extent, voxelByteCount: voxelByteCount), from: .zero)
    }

    /// Fills a window with the voxels at a place of the array; the window has voxels of 1, 2, 4 or 8 bytes, and takes
    /// the low bytes of the values.
    ///
    /// - Precondition: the box of the window's extent at `origin` lies inside the array.
    package func fill(_ window: MutableVoxelWindow, from origin: VoxelPoint) {
        withParts { palette, _, _ in fill(window, from: origin, palette: palette) }
    }

    /// The same with other values in the place of the array's own.
    ///
    /// - Parameter palette: as many values as the array has, by their numbers.
    func fill(
        _ window: MutableVoxelWindow, from origin: VoxelPoint, palette: UnsafeBufferPointer<UInt64>
    ) {
        precondition(palette.count == valueCount, "a value for each number")
        let part = window.extent
        precondition(
            origin.x >= 0 && origin.y >= 0 && origin.z >= 0 && origin.x <= extent.x - part.x
                && origin.y <= extent.y - part.y && origin.z <= extent.z - part.z,
            "the box lies inside the array")
        guard !part.isEmpty else { return }
        withParts { _, rowStarts, runs in
            guard let palette = palette.baseAddress, let starts = rowStarts.baseAddress,
                let runs = runs.baseAddress
            else { return }
            var array = cvk_run_array(palette: palette, row_starts: starts, runs: runs)
            var target = window.box
            cvk_fill_runs(
                &array, origin.x, origin.z * extent.y + origin.y, extent.y, &target,
                Int32(window.voxelByteCount))
        }
    }
}

extension RunArray {
    /// The runs of a window, or nil where there are more than `runLimit` of them or too many values.
    ///
    /// - Precondition: `holds` the extent of the window.
    /// - Complexity: one pass over the voxels, at the speed of reading them where runs are long.
    package init?(_ window: VoxelWindow, runLimit: Int) {
        precondition(Self.holds(window.extent), "an array that runs can hold")
        let rowCount = window.extent.y * window.extent.z
        let paletteLimit = min(runLimit, Self.paletteLimit)
        let slotCount = 1 << (Int.bitWidth - (2 * paletteLimit).leadingZeroBitCount)
        let scratch = VoxelStorage(
            byteCount: paletteLimit * 8 + (slotCount + rowCount + 1 + runLimit) * 4, zeroed: false)
        let scanned = scratch.withUnsafeMutableBytes { bytes -> RunArray? in
            guard let base = bytes.baseAddress else { return nil }
            let palette = base.assumingMemoryBound(to: UInt64.self)
            let slots = (base + paletteLimit * 8).assumingMemoryBound(to: UInt32.self)
            slots.update(repeating: 0, count: slotCount)
            var box = window.box
            var scan = cvk_run_scan(
                palette: palette, palette_count: 0, palette_limit: paletteLimit, slots: slots,
                mask: slotCount - 1, row_starts: slots + slotCount, runs: slots + slotCount + rowCount + 1,
                run_count: 0, run_limit: runLimit)
            guard cvk_scan_runs(&box, Int32(window.voxelByteCount), &scan) != 0 else { return nil }
            return RunArray(scan, extent: window.extent)
        }
        guard let scanned else { return nil }
        self = scanned
    }

    /// Copies a finished scan, its palette sorted.
    private init(_ scan: cvk_run_scan, extent: VoxelExtent) {
        let found = UnsafeBufferPointer(start: scan.palette, count: scan.palette_count)
        let order = found.indices.sorted { found[$0] < found[$1] }
        var rank = [UInt32](repeating: 0, count: order.count)
        for (position, number) in order.enumerated() { rank[number] = UInt32(position) << 16 }
        self.init(extent: extent, valueCount: found.count, runCount: scan.run_count) {
            (palette, rowStarts, runs) in
            for (position, number) in order.enumerated() { palette[position] = found[number] }
            for row in rowStarts.indices { rowStarts[row] = scan.row_starts[row] }
            for run in runs.indices {
                runs[run] = scan.runs[run] & 0xFFFF | rank[Int(scan.runs[run] >> 16)]
            }
        }
    }
}
