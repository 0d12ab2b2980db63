import BossGeometry
import CVoxelKernels

extension MutableVoxelWindow {
    /// Puts other values in the place of labels, one call of `replacement` for each run along x.
    ///
    /// - Returns: how many voxels have another value now.
    /// - Precondition: voxels of 4 or 8 bytes, and replacements that fit them.
    package func replaceLabels(_ replacement: (UInt64) -> UInt64) -> Int {
        switch voxelByteCount {
        case 4: replaceWords(UInt32.self, replacement)
        case 8: replaceWords(UInt64.self, replacement)
        default: preconditionFailure("labels have 4 or 8 bytes")
        }
    }

    private func replaceWords<Word: FixedWidthInteger & BitwiseCopyable>(
        _ word: Word.Type, _ replacement: (UInt64) -> UInt64
    ) -> Int {
        let box = box
        guard !extent.isEmpty else { return 0 }
        let base: UnsafeMutableRawPointer = box.base
        let size = MemoryLayout<Word>.size
        // The last value and what it became: runs of several rows often alternate between two.
        var last = Word.zero
        var new = Word(truncatingIfNeeded: replacement(0))
        var changed = 0
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = base + z * box.plane_stride + y * box.row_stride
                var x = 0
                while x < extent.x {
                    let value = row.loadUnaligned(fromByteOffset: x * size, as: Word.self)
                    var end = x + 1
                    while end < extent.x,
                        row.loadUnaligned(fromByteOffset: end * size, as: Word.self) == value
                    {
                        end += 1
                    }
                    if value != last {
                        last = value
                        new = Word(truncatingIfNeeded: replacement(UInt64(truncatingIfNeeded: value)))
                    }
                    if new != value {
                        for place in x..<end {
                            row.storeBytes(of: new, toByteOffset: place * size, as: Word.self)
                        }
                        changed += end - x
                    }
                    x = end
                }
            }
        }
        return changed
    }
}
