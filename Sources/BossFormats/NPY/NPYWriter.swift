package import BossVoxels

/// Writes NumPy array files, version 1.0, byte for byte as `numpy.save` does.
package enum NPYWriter {
    /// The file as bytes: C-order, little-endian, the shape in the volume's axis order.
    ///
    /// - Throws: `FormatError.cannotHold` if the header does not fit version 1.0; no volume does that today.
    package static func encode(_ volume: AnyVolume) throws(FormatError) -> [UInt8] {
        let header = try header(voxelType: volume.voxelType, shape: volume.shape)
        return volume.withUnsafeBytes { voxels in
            [UInt8](unsafeUninitializedCapacity: header.count + voxels.count) { buffer, count in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                bytes.copyBytes(from: header)
                UnsafeMutableRawBufferPointer(rebasing: bytes[header.count...]).copyMemory(from: voxels)
                count = header.count + voxels.count
            }
        }
    }

    /// Writes the file, replacing one of the same name; a file that could not be finished is removed.
    ///
    /// - Throws: `FormatError.unwritable`.
    package static func write(_ volume: AnyVolume, to path: String) throws(FormatError) {
        let header = try header(voxelType: volume.voxelType, shape: volume.shape)
        let file = try OutputFile(path: path)
        try header.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try file.write(bytes) }
        }.get()
        try volume.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try file.write(bytes) }
        }.get()
        try file.finish()
    }

    /// Magic, version, length and the dictionary, padded to a multiple of 64 bytes.
    ///
    /// numpy leaves room for the first length to grow to 21 digits, then always adds at least one space.
    /// Source: numpy/lib/format.py, `_write_array_header` and `_wrap_header`.
    static func header(voxelType: VoxelType, shape: [Int]) throws(FormatError) -> [UInt8] {
        let lengths = shape.map(String.init)
        let tuple = lengths.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(descriptor(of: voxelType))', 'fortran_order': False, 'shape': (\(tuple)), }"
        if let first = lengths.first {
            text += String(repeating: " ", count: max(0, 21 - first.utf8.count))
        }
        text += String(repeating: " ", count: 64 - (10 + text.utf8.count + 1) % 64) + "\n"
        guard let length = UInt16(exactly: text.utf8.count) else {
            throw .cannotHold(format: "NPY 1.0", what: "a header of \(text.utf8.count) bytes")
        }
        return NPYHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }

    private static func descriptor(of voxelType: VoxelType) -> String {
        switch voxelType {
        case .uint8: "|u1"
        case .uint16: "<u2"
        case .uint32: "<u4"
        case .uint64: "<u8"
        case .int8: "|i1"
        case .int16: "<i2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .float32: "<f4"
        case .float64: "<f8"
        }
    }
}
