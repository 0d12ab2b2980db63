// Voxels of two boxes that differ, one after the other.
#include "kernels.h"

enum { BLOCK = 64 };

#define DEFINE_NEXT(bits)                                                                          \
    CLONES static size_t next_##bits(const char *left, const char *right, size_t x, size_t count) { \
        const u##bits *a = (const u##bits *)left, *b = (const u##bits *)right;                     \
        if (x < count && a[x] != b[x]) return x;                                                   \
        while (x < count) {                                                                        \
            size_t end = count - x < BLOCK ? count : x + BLOCK;                                    \
            uint##bits##_t different = 0;                                                          \
            for (size_t i = x; i < end; i++) different |= a[i] ^ b[i];                             \
            if (different) {                                                                       \
                while (a[x] == b[x]) x++;                                                          \
                return x;                                                                          \
            }                                                                                      \
            x = end;                                                                               \
        }                                                                                          \
        return count;                                                                              \
    }
DEFINE_NEXT(8)
DEFINE_NEXT(16)
DEFINE_NEXT(32)
DEFINE_NEXT(64)

size_t cvk_next_difference(
    const void *left, const void *right, int voxel_byte_count, size_t x, size_t count
) {
    switch (voxel_byte_count) {
    case 1: return next_8(left, right, x, count);
    case 2: return next_16(left, right, x, count);
    case 4: return next_32(left, right, x, count);
    default: return next_64(left, right, x, count);
    }
}
