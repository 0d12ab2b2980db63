import BossGeometry

/// The format compressed_segmentation of Neuroglancer for 64-bit labels, one channel, blocks of 8 x 8 x 8, after its public
/// description: a table of two words a block (where its labels are and how many bits an index has; where its indices are), then
/// indices and labels. Equal lists of labels are stored once.
enum CompressedSegmentation {
    private static let side = 8

    static func encode(_ labels: UnsafeBufferPointer<UInt64>, _ extent: VoxelExtent) -> [UInt32] {
        let (blocksX, blocksY, blocksZ) = (extent.x / side, extent.y / side, extent.z / side)
        var words = [UInt32](repeating: 0, count: 2 * blocksX * blocksY * blocksZ)
        var tables: [[UInt64]: Int] = [:]
        var block = [UInt64](repeating: 0, count: side * side * side)
        var number = 0
        for z in 0..<blocksZ {
            for y in 0..<blocksY {
                for x in 0..<blocksX {
                    var index = 0
                    for dz in 0..<side {
                        for dy in 0..<side {
                            let row =
                                ((z * side + dz) * extent.y + y * side + dy) * extent.x + x * side
                            for dx in 0..<side {
                                block[index] = labels[row + dx]
                                index += 1
                            }
                        }
                    }
                    add(block, number, &words, &tables)
                    number += 1
                }
            }
        }
        return words
    }

    private static func add(
        _ block: [UInt64], _ number: Int, _ words: inout [UInt32], _ tables: inout [[UInt64]: Int]
    ) {
        let values = Set(block).sorted()
        var bits = 0
        while 1 << bits < values.count { bits = bits == 0 ? 1 : bits * 2 }
        words[2 * number + 1] = UInt32(words.count)
        if bits > 0 {
            let places = Dictionary(
                uniqueKeysWithValues: values.enumerated().map { ($0.element, UInt32($0.offset)) })
            var word: UInt32 = 0
            var filled = 0
            for label in block {
                word |= (places[label] ?? 0) << UInt32(filled)
                filled += bits
                if filled == 32 {
                    words.append(word)
                    (word, filled) = (0, 0)
                }
            }
        }
        let table =
            tables[values]
            ?? {
                let start = words.count
                for value in values {
                    words.append(UInt32(truncatingIfNeeded: value))
                    words.append(UInt32(truncatingIfNeeded: value >> 32))
                }
                tables[values] = start
                return start
            }()
        words[2 * number] = UInt32(table) | UInt32(bits) << 24
    }

    static func decode(
        _ words: [UInt32], _ extent: VoxelExtent, into labels: UnsafeMutableBufferPointer<UInt64>
    ) {
        let (blocksX, blocksY) = (extent.x / side, extent.y / side)
        words.withUnsafeBufferPointer { words in
            for number in 0..<blocksX * blocksY * (extent.z / side) {
                let (x, y, z) = (
                    number % blocksX * side, number / blocksX % blocksY * side,
                    number / blocksX / blocksY * side
                )
                let table = Int(words[2 * number] & 0xFF_FFFF)
                let bits = Int(words[2 * number] >> 24)
                let values = Int(words[2 * number + 1])
                let mask: UInt32 = bits == 0 ? 0 : (bits == 32 ? .max : 1 << UInt32(bits) - 1)
                var position = 0
                for dz in 0..<side {
                    for dy in 0..<side {
                        let row = ((z + dz) * extent.y + y + dy) * extent.x + x
                        for dx in 0..<side {
                            let index =
                                bits == 0
                                ? 0 : Int(words[values + position / 32] >> UInt32(position % 32) & mask)
                            let low = words[table + 2 * index]
                            let high = words[table + 2 * index + 1]
                            labels[row + dx] = UInt64(low) | UInt64(high) << 32
                            position += bits
                        }
                    }
                }
            }
        }
    }
}
