import BossCodec
import BossGeometry
import BossVoxels
import CBlosc
import Foundation

/// Bricks of 64 x 64 x 16 labels by the label codec, by Blosc and by compressed_segmentation: bytes and speed of one thread.
struct CodecComparison {
    let data: LabelData

    private static let brick = VoxelExtent(x: 64, y: 64, z: 16)
    private static let brickByteCount = 64 * 64 * 16 * 8
    private static let brickLimit = 512
    private static let passes = 3

    private struct Row {
        var name: String
        var byteCount = 0
        var encodeSeconds = Double.infinity
        var decodeSeconds = Double.infinity
        /// Decoding into what questions and the buffer pool take, where that is less than voxels.
        var partialSeconds: Double?
    }

    func report() throws {
        let boxes = boxes()
        print(
            "\nlabel codec, \(boxes.count) bricks of \(Self.brick) evenly spread, one thread, warm, best of \(Self.passes)"
        )
        print(
            column("codec", 34, isFirst: true)
                + ["ratio", "bytes/brick", "encode GB/s", "decode GB/s", "to runs GB/s"].map {
                    column($0, 13)
                }
                .joined())
        let bricks = boxes.map { box in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.brickByteCount, alignment: 64)
            data.copy(box, to: memory)
            return memory
        }
        defer { for brick in bricks { brick.deallocate() } }
        var rows = [try labels(bricks)]
        for (name, codec, shuffle, level) in [
            ("Blosc LZ4, level 5", "lz4", 0, 5), ("Blosc LZ4, level 5, shuffle", "lz4", 1, 5),
            ("Blosc Zstandard, level 3", "zstd", 0, 3), ("Blosc Zstandard, level 3, shuffle", "zstd", 1, 3),
        ] {
            rows.append(try blosc(name, codec, Int32(shuffle), Int32(level), bricks))
        }
        rows.append(try compressedSegmentation(bricks))
        let voxels = Double(bricks.count * Self.brickByteCount)
        for row in rows {
            let speeds = [row.encodeSeconds, row.decodeSeconds].map { number(voxels / $0 / 1e9, 2) }
            print(
                column(row.name, 34, isFirst: true)
                    + ([number(voxels / Double(max(1, row.byteCount)), 1), "\(row.byteCount / bricks.count)"]
                    + speeds + [row.partialSeconds.map { number(voxels / $0 / 1e9, 2) } ?? ""]).map {
                        column($0, 13)
                    }.joined())
        }
        let copied = seconds {
            let target = UnsafeMutableRawPointer.allocate(byteCount: Self.brickByteCount, alignment: 64)
            defer { target.deallocate() }
            for brick in bricks {
                if let base = brick.baseAddress { memcpy(target, base, Self.brickByteCount) }
            }
        }
        print(
            column("memcpy of the voxels", 34, isFirst: true) + column(number(voxels / copied / 1e9, 2), 52))
    }

    /// Bricks that are not constant, which nobody has to compress.
    private func boxes() -> [VoxelBox] {
        var boxes: [VoxelBox] = []
        for z in stride(from: 0, through: data.extent.z - 16, by: 16) {
            for y in stride(from: 0, through: data.extent.y - 64, by: 64) {
                for x in stride(from: 0, through: data.extent.x - 64, by: 64) {
                    boxes.append(VoxelBox(x: x..<x + 64, y: y..<y + 64, z: z..<z + 16))
                }
            }
        }
        let step = max(1, boxes.count / Self.brickLimit)
        return stride(from: 0, to: boxes.count, by: step).map { boxes[$0] }
    }

    // MARK: Codecs

    private func labels(_ bricks: [UnsafeMutableRawBufferPointer]) throws -> Row {
        let encoder = BrickEncoder(
            voxelType: .uint64, brickByteCount: Self.brickByteCount, preference: .automatic,
            labelExtent: Self.brick)
        var row = Row(name: "BossQL labels (AUTO)")
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: BrickEncoder.outputBound(Self.brickByteCount), alignment: 64)
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.brickByteCount, alignment: 64)
        defer {
            scratch.deallocate()
            target.deallocate()
        }
        var stored: [(EncodedBrick, [UInt8])] = []
        for _ in 0..<Self.passes {
            var spent = 0.0
            stored.removeAll()
            for brick in bricks {
                let start = wallSeconds()
                let encoded = try encoder.encode(UnsafeRawBufferPointer(brick), into: scratch)
                spent += wallSeconds() - start
                stored.append((encoded, Array(scratch[..<encoded.byteCount])))
            }
            row.encodeSeconds = min(row.encodeSeconds, spent)
        }
        // A constant is told by sixteen bytes of the page's directory.
        row.byteCount = stored.reduce(0) { $0 + max(16, $1.1.count) }
        var partial = Double.infinity
        for _ in 0..<Self.passes {
            row.decodeSeconds = min(
                row.decodeSeconds,
                try seconds {
                    for (brick, bytes) in stored {
                        try bytes.withUnsafeBytes {
                            try BrickDecoder.decode(
                                brick.codec, constantBits: brick.constantBits, bytes: $0, into: target,
                                voxelByteCount: 8)
                        }
                    }
                })
            partial = min(
                partial,
                try seconds {
                    for (brick, bytes) in stored where brick.codec == .label {
                        _ = try bytes.withUnsafeBytes {
                            try LabelFrameDecoder.decode(
                                $0, voxelCount: Self.brick.voxelCount, voxelByteCount: 8)
                        }
                    }
                })
        }
        for (brick, (encoded, bytes)) in zip(bricks, stored) {
            try bytes.withUnsafeBytes {
                try BrickDecoder.decode(
                    encoded.codec, constantBits: encoded.constantBits, bytes: $0, into: target,
                    voxelByteCount: 8)
            }
            try check(target, brick, row.name)
        }
        row.partialSeconds = partial
        return row
    }

    private func blosc(
        _ name: String, _ codec: String, _ shuffle: Int32, _ level: Int32,
        _ bricks: [UnsafeMutableRawBufferPointer]
    ) throws -> Row {
        var row = Row(name: name)
        let room = Self.brickByteCount + Int(BLOSC_MAX_OVERHEAD)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 64)
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.brickByteCount, alignment: 64)
        defer {
            scratch.deallocate()
            target.deallocate()
        }
        var stored: [[UInt8]] = []
        for _ in 0..<Self.passes {
            var spent = 0.0
            stored.removeAll()
            for brick in bricks {
                let start = wallSeconds()
                let count = blosc_compress_ctx(
                    level, shuffle, 8, Self.brickByteCount, brick.baseAddress, scratch, room, codec, 0, 1)
                spent += wallSeconds() - start
                stored.append(Array(UnsafeRawBufferPointer(start: scratch, count: Int(count))))
            }
            row.encodeSeconds = min(row.encodeSeconds, spent)
        }
        row.byteCount = stored.reduce(0) { $0 + $1.count }
        for _ in 0..<Self.passes {
            row.decodeSeconds = min(
                row.decodeSeconds,
                seconds {
                    for bytes in stored {
                        _ = bytes.withUnsafeBytes {
                            blosc_decompress_ctx($0.baseAddress, target.baseAddress, Self.brickByteCount, 1)
                        }
                    }
                })
        }
        if let last = bricks.last { try check(target, last, name) }
        return row
    }

    private func compressedSegmentation(_ bricks: [UnsafeMutableRawBufferPointer]) throws -> Row {
        var row = Row(name: "compressed_segmentation 8 x 8 x 8")
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.brickByteCount, alignment: 64)
        defer { target.deallocate() }
        var stored: [[UInt32]] = []
        for _ in 0..<Self.passes {
            stored.removeAll()
            let spent = seconds {
                for brick in bricks {
                    stored.append(
                        CompressedSegmentation.encode(
                            UnsafeBufferPointer(brick.bindMemory(to: UInt64.self)), Self.brick))
                }
            }
            row.encodeSeconds = min(row.encodeSeconds, spent)
        }
        row.byteCount = stored.reduce(0) { $0 + $1.count * 4 }
        for _ in 0..<Self.passes {
            row.decodeSeconds = min(
                row.decodeSeconds,
                seconds {
                    for words in stored {
                        CompressedSegmentation.decode(
                            words, Self.brick, into: target.bindMemory(to: UInt64.self))
                    }
                })
        }
        if let last = bricks.last { try check(target, last, row.name) }
        return row
    }

    private func check(
        _ found: UnsafeMutableRawBufferPointer, _ expected: UnsafeMutableRawBufferPointer, _ name: String
    ) throws {
        guard let left = found.baseAddress, let right = expected.baseAddress,
            memcmp(left, right, Self.brickByteCount) == 0
        else {
            throw WrongResult(what: "\(name) decodes to other voxels")
        }
    }
}

/// A fast wrong answer is no result.
struct WrongResult: Error, CustomStringConvertible {
    let what: String
    var description: String { "wrong result: \(what)" }
}
