import CChecksum

/// The CRC-32C (Castagnoli) checksum, which guards every stored byte.
///
///     CRC32C.checksum(first + second) == CRC32C.checksum(second, seed: CRC32C.checksum(first))
///
/// Thread safe. The kernel that fits the processor is chosen at the first call.
/// Source: RFC 3720, section 12.1 and test vectors in B.4.
package enum CRC32C {
    /// The checksum of bytes, or its continuation.
    ///
    /// - Parameter seed: the checksum of the bytes before these; 0 at the start, also the checksum of nothing.
    /// - Complexity: O(n), no allocation; 64 KiB take about 1 us with AVX-512.
    package static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        boss_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    /// The same by lookup tables on any processor, for tests and comparison.
    package static func portableChecksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        boss_crc32c_portable(seed, bytes.baseAddress, bytes.count)
    }

    /// The kernels of this build that this processor can run, fastest first, by name.
    package static var availableKernels: [String] {
        (0..<boss_crc32c_kernel_count()).map { String(cString: boss_crc32c_kernel_name($0)) }
    }

    /// The checksum by one of the available kernels, so that tests reach all of them.
    ///
    /// - Precondition: the index is one of `availableKernels`.
    package static func checksum(
        _ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0, kernel index: Int
    ) -> UInt32 {
        precondition(0..<boss_crc32c_kernel_count() ~= index, "an available kernel")
        return boss_crc32c_with_kernel(index, seed, bytes.baseAddress, bytes.count)
    }
}
