// The kernels of this build. All work on the bare register: the caller applies the first and the last xor.
#ifndef BOSS_CHECKSUM_KERNELS_H
#define BOSS_CHECKSUM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t (*boss_crc_kernel)(uint32_t state, const uint8_t *bytes, size_t count);

uint32_t boss_crc_tables(uint32_t state, const uint8_t *bytes, size_t count);

#if defined(__x86_64__)
uint32_t boss_crc_sse42(uint32_t state, const uint8_t *bytes, size_t count);
uint32_t boss_crc_avx512(uint32_t state, const uint8_t *bytes, size_t count);
#elif defined(__aarch64__)
uint32_t boss_crc_armv8(uint32_t state, const uint8_t *bytes, size_t count);
#endif

#endif
