// CRC-32C with the CRC instructions of ARMv8: one stream, eight bytes a step.

#include "kernels.h"

#if defined(__aarch64__)
#include <arm_acle.h>

#if defined(__clang__)
#define WITH_CRC __attribute__((target("crc")))
#else
#define WITH_CRC __attribute__((target("+crc")))
#endif

WITH_CRC
uint32_t boss_crc_armv8(uint32_t state, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        __builtin_memcpy(&word, bytes, 8);
        state = __crc32cd(state, word);
    }
    for (; count > 0; bytes++, count--) {
        state = __crc32cb(state, *bytes);
    }
    return state;
}
#endif
