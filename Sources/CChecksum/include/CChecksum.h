#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C of `count` bytes, continuing from `seed` (0 at the start). The final xor is applied, so that
/// crc(a + b) == crc(crc(a), b). `bytes` may be null if `count` is 0; no alignment is needed.
/// Thread safe; the fastest kernel of this processor is looked up at the first call.
uint32_t boss_crc32c(uint32_t seed, const void *bytes, size_t count);

/// The same by slicing-by-8 tables, on any processor.
uint32_t boss_crc32c_portable(uint32_t seed, const void *bytes, size_t count);

/// Number of kernels that this processor can run; index 0 is the one `boss_crc32c` uses.
long boss_crc32c_kernel_count(void);

/// Name of a kernel, a static string.
const char *boss_crc32c_kernel_name(long index);

/// The checksum by one kernel; the index is below `boss_crc32c_kernel_count`.
uint32_t boss_crc32c_with_kernel(long index, uint32_t seed, const void *bytes, size_t count);

#endif
