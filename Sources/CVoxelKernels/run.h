// Where a run of equal voxels ends.
#ifndef CVK_RUN_H
#define CVK_RUN_H

#include "kernels.h"

// The length of the run of `value` that the `count` voxels begin with: 64 bytes are compared at a time, and
// the lowest bit of their differences tells where it ends.
#define DEFINE_RUN(bits, lanes, mask_type, lowest)                                                  \
    typedef uint##bits##_t voxels_##bits __attribute__((ext_vector_type(lanes)));                   \
    typedef voxels_##bits unaligned_##bits UNALIGNED;                                               \
    typedef _Bool flags_##bits __attribute__((ext_vector_type(lanes)));                             \
    INLINE size_t run_##bits(const u##bits *s, size_t count, uint##bits##_t value) {                \
        size_t x = 0;                                                                               \
        for (; x + lanes <= count; x += lanes) {                                                    \
            voxels_##bits block = *(const unaligned_##bits *)(s + x);                               \
            flags_##bits flags = __builtin_convertvector(block != (voxels_##bits)value, flags_##bits); \
            mask_type mask;                                                                         \
            __builtin_memcpy(&mask, &flags, sizeof mask);                                           \
            if (mask) return x + (size_t)lowest(mask);                                              \
        }                                                                                           \
        while (x < count && s[x] == value) x++;                                                     \
        return x;                                                                                   \
    }

DEFINE_RUN(8, 64, uint64_t, __builtin_ctzll)
DEFINE_RUN(16, 32, uint32_t, __builtin_ctz)
DEFINE_RUN(32, 16, uint16_t, __builtin_ctz)
DEFINE_RUN(64, 8, uint8_t, __builtin_ctz)

#endif
