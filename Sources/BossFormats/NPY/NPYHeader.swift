import BossVoxels

/// The header of a NumPy array file.
///
///     byte 0   6  magic, 93 "NUMPY"
///     byte 6   2  version: 1.0, 2.0 or 3.0
///     byte 8   2  length of the dictionary, little-endian; 4 bytes from version 2.0 on
///     then        the dictionary, Python source text, padded with spaces and one newline
///     then        the voxels
///
/// Source: numpy, "numpy.lib.format", NPY format.
struct NPYHeader {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// The longest dictionary that is read; numpy itself stops at 10000 bytes.
    static let maximumDictionaryByteCount = 1 << 16
    /// The most voxel bytes of an array in Fortran order, which is held in memory while it is read, 1 GiB.
    static let maximumFortranByteCount = 1 << 30

    let shape: VolumeShape
    let isFortranOrder: Bool
    let isBigEndian: Bool
    /// Bytes before the first voxel.
    let byteCount: Int

    /// Opens an array of rank 2 (one slice), 3 (z, y, x) or 4 (t, z, y, x), also gzipped.
    static func openVolume(path: String) throws(FormatError) -> any VolumeReader {
        let source = try openContent(path: path)
        let header = try NPYHeader(source: source)
        if header.isFortranOrder { return try FortranVolumeReader(source: source, header: header) }
        return try DenseVolumeReader(
            source: source, shape: header.shape, offset: header.byteCount, isBigEndian: header.isBigEndian)
    }

    init(source: any ByteSource) throws(FormatError) {
        let file = source.file
        let start = try source.prefix(12)
        guard start.starts(with: Self.magic) else {
            throw .corrupt(file: file, reason: "it does not begin with the magic of an NPY file")
        }
        guard start.count == 12 else { throw .truncated(file: file, expected: 12, found: start.count) }
        guard 1...3 ~= start[6], start[7] == 0 else {
            throw .unsupported(
                file: file, what: "NPY version \(start[6]).\(start[7]); 1.0, 2.0 and 3.0 are read")
        }
        let lengthByteCount = start[6] == 1 ? 2 : 4
        let length = start[8..<8 + lengthByteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.maximumDictionaryByteCount else {
            throw .tooLarge(
                file: file, what: "the NPY header has \(length) bytes", limit: Self.maximumDictionaryByteCount
            )
        }
        byteCount = 8 + lengthByteCount + length
        let text = try source.bytes(at: 8 + lengthByteCount, count: length)
        guard text.count == length else {
            throw .truncated(file: file, expected: byteCount, found: 8 + lengthByteCount + text.count)
        }
        var parser = NPYDictionaryParser(file: file, text: text)
        let dictionary = try parser.parse()
        let (voxelType, isBigEndian) = try Self.voxelType(dictionary.descriptor, file: file)
        self.isBigEndian = isBigEndian
        isFortranOrder = dictionary.isFortranOrder
        let lengths = dictionary.shape
        guard 2...4 ~= lengths.count else {
            throw .unsupported(
                file: file,
                what: "an array of rank \(lengths.count); 2 (y, x), 3 (z, y, x) and 4 (t, z, y, x) are read")
        }
        let padded = Array(repeating: 1, count: 4 - lengths.count) + lengths
        shape = try VolumeShape(
            file: file, voxelType: voxelType, t: padded[0], z: padded[1], y: padded[2], x: padded[3])
    }

    /// `<u8` and the like: byte order, kind, bytes. `b1` is read as `UINT8`.
    private static func voxelType(
        _ descriptor: String, file: String
    ) throws(FormatError) -> (VoxelType, isBigEndian: Bool) {
        let types: [String: VoxelType] = [
            "b1": .uint8, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "i1": .int8,
            "i2": .int16, "i4": .int32, "i8": .int64, "f4": .float32, "f8": .float64,
        ]
        let order = descriptor.first
        guard let voxelType = types[String(descriptor.dropFirst())],
            order == "<" || order == ">" || (order == "|" && voxelType.byteCount == 1)
        else {
            throw .unsupported(
                file: file, what: "dtype '\(descriptor)'; b1, u1 to u8, i1 to i8, f4 and f8 are read")
        }
        return (voxelType, order == ">" && voxelType.byteCount > 1)
    }
}
