// Questions about the values of a box: constant, count, bounds, byte counts.
#include "kernels.h"

#include <string.h>

// Whether all whole voxels of a row equal the pattern, which repeats the voxel over 8 bytes.
CLONES static int row_equals(const char *row, size_t byte_count, uint64_t pattern) {
    const u64 *words = (const u64 *)row;
    size_t count = byte_count / 8;
    for (size_t start = 0; start < count; start += 512) {
        size_t end = count - start < 512 ? count : start + 512;
        uint64_t different = 0;
        for (size_t i = start; i < end; i++) different |= words[i] ^ pattern;
        if (different) return 0;
    }
    return memcmp(row + count * 8, &pattern, byte_count - count * 8) == 0;
}

int cvk_is_constant(const cvk_box *box, int voxel_byte_count) {
    size_t size = (size_t)voxel_byte_count;
    cvk_box flat = cvk_flatten_box(box, size);
    uint64_t pattern = 0;
    for (size_t at = 0; at < 8; at += size) memcpy((char *)&pattern + at, box->base, size);
    FOR_EACH_ROW(&flat)
        if (!row_equals(ROW(&flat), flat.x * size, pattern)) return 0;
    return 1;
}

// Counts in the voxel's own width by blocks, so that the loops are as wide as the registers.
#define DEFINE_VALUE(bits, block)                                                                \
    CLONES static size_t count_##bits(const char *row, size_t count, uint##bits##_t value) {     \
        const u##bits *s = (const u##bits *)row;                                                 \
        size_t total = 0;                                                                        \
        for (size_t start = 0; start < count; start += block) {                                  \
            size_t end = count - start < block ? count : start + block;                          \
            uint##bits##_t found = 0;                                                            \
            for (size_t i = start; i < end; i++) found += s[i] == value;                         \
            total += found;                                                                      \
        }                                                                                        \
        return total;                                                                            \
    }                                                                                            \
    CLONES static int contains_##bits(const char *row, size_t count, uint##bits##_t value) {     \
        const u##bits *s = (const u##bits *)row;                                                 \
        for (size_t start = 0; start < count; start += 512) {                                    \
            size_t end = count - start < 512 ? count : start + 512;                              \
            uint##bits##_t found = 0;                                                            \
            for (size_t i = start; i < end; i++) found |= s[i] == value;                         \
            if (found) return 1;                                                                 \
        }                                                                                        \
        return 0;                                                                                \
    }                                                                                            \
    static int bounds_##bits(const cvk_box *box, uint##bits##_t value, int64_t *b) {             \
        int64_t low_x = INT64_MAX, high_x = 0, low_y = INT64_MAX, high_y = 0;                    \
        int64_t low_z = INT64_MAX, high_z = 0;                                                   \
        FOR_EACH_ROW(box) {                                                                      \
            const u##bits *s = (const u##bits *)ROW(box);                                        \
            if (!contains_##bits((const char *)s, box->x, value)) continue;                      \
            int64_t z = (int64_t)z_, y = (int64_t)y_, x = 0, last = (int64_t)box->x;             \
            while (x < low_x && s[x] != value) x++;                                              \
            if (x < low_x) low_x = x;                                                            \
            while (last > high_x && s[last - 1] != value) last--;                                \
            if (last > high_x) high_x = last;                                                    \
            if (y < low_y) low_y = y;                                                            \
            if (y + 1 > high_y) high_y = y + 1;                                                  \
            if (z < low_z) low_z = z;                                                            \
            high_z = z + 1;                                                                      \
        }                                                                                        \
        b[0] = low_x, b[1] = low_y, b[2] = low_z, b[3] = high_x, b[4] = high_y, b[5] = high_z;   \
        return high_z > 0;                                                                       \
    }

DEFINE_VALUE(8, 255)
DEFINE_VALUE(16, 4096)
DEFINE_VALUE(32, 4096)
DEFINE_VALUE(64, 4096)

#define COUNT_ROWS(bits)                                                                        \
    FOR_EACH_ROW(&flat) total += count_##bits(ROW(&flat), flat.x, (uint##bits##_t)value); \
    break

size_t cvk_count_value(const cvk_box *box, int voxel_byte_count, uint64_t value) {
    if (box->x == 0) return 0;
    cvk_box flat = cvk_flatten_box(box, (size_t)voxel_byte_count);
    size_t total = 0;
    switch (voxel_byte_count) {
    case 1: COUNT_ROWS(8);
    case 2: COUNT_ROWS(16);
    case 4: COUNT_ROWS(32);
    default: COUNT_ROWS(64);
    }
    return total;
}

int cvk_value_bounds(const cvk_box *box, int voxel_byte_count, uint64_t value, int64_t *bounds) {
    switch (voxel_byte_count) {
    case 1: return bounds_8(box, (uint8_t)value, bounds);
    case 2: return bounds_16(box, (uint16_t)value, bounds);
    case 4: return bounds_32(box, (uint32_t)value, bounds);
    default: return bounds_64(box, value, bounds);
    }
}

void cvk_count_bytes(const cvk_box *box, uint64_t *counts) {
    // Four tables, since equal neighbours would wait for each other's increment in one.
    uint64_t tables[4][256] = {{0}};
    cvk_box flat = cvk_flatten_box(box, 1);
    FOR_EACH_ROW(&flat) {
        const u8 *s = (const u8 *)ROW(&flat);
        size_t i = 0;
        for (; i + 4 <= flat.x; i += 4) {
            tables[0][s[i]]++;
            tables[1][s[i + 1]]++;
            tables[2][s[i + 2]]++;
            tables[3][s[i + 3]]++;
        }
        for (; i < flat.x; i++) tables[0][s[i]]++;
    }
    for (int v = 0; v < 256; v++) counts[v] += tables[0][v] + tables[1][v] + tables[2][v] + tables[3][v];
}
