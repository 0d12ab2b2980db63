/// Little-endian numbers at the end of a file that is written.
extension [UInt8] {
    mutating func append(littleEndian value: UInt32) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value >> 16))
        append(UInt8(truncatingIfNeeded: value >> 24))
    }

    mutating func append(littleEndian vertex: Mesh.Vertex) {
        append(littleEndian: vertex.x.bitPattern)
        append(littleEndian: vertex.y.bitPattern)
        append(littleEndian: vertex.z.bitPattern)
    }

    /// - Precondition: four bytes stand there.
    func littleEndian(at offset: Int) -> UInt32 {
        UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }
}
