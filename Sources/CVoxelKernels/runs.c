// Boxes as runs of equal voxels along x: finding the runs, writing them out again, counting them.
#include "kernels.h"
#include "run.h"

// The number of a value in the palette, which it enters if it is new; UINT32_MAX when the palette is full.
INLINE uint32_t find_number(cvk_run_scan *scan, uint64_t value) {
    size_t slot = cvk_label_slot(value, scan->mask);
    for (; scan->slots[slot] != 0; slot = (slot + 1) & scan->mask) {
        uint32_t number = scan->slots[slot] - 1;
        if (scan->palette[number] == value) return number;
    }
    if (scan->palette_count == scan->palette_limit) return UINT32_MAX;
    uint32_t number = (uint32_t)scan->palette_count++;
    scan->palette[number] = value;
    scan->slots[slot] = number + 1;
    return number;
}

#define DEFINE_SCAN(bits)                                                                                \
    CLONES static int scan_##bits(const cvk_box *box, cvk_run_scan *scan) {                              \
        size_t row = 0;                                                                                  \
        FOR_EACH_ROW(box) {                                                                              \
            const u##bits *s = (const u##bits *)ROW(box);                                                \
            scan->row_starts[row++] = (uint32_t)scan->run_count;                                         \
            for (size_t x = 0; x < box->x;) {                                                            \
                uint##bits##_t value = s[x];                                                             \
                x += run_##bits(s + x, box->x - x, value);                                               \
                uint32_t number = find_number(scan, value);                                              \
                if (number == UINT32_MAX || scan->run_count == scan->run_limit) return 0;                \
                scan->runs[scan->run_count++] = (uint32_t)x | number << 16;                              \
            }                                                                                            \
        }                                                                                                \
        scan->row_starts[row] = (uint32_t)scan->run_count;                                               \
        return 1;                                                                                        \
    }

DEFINE_SCAN(8)
DEFINE_SCAN(16)
DEFINE_SCAN(32)
DEFINE_SCAN(64)

int cvk_scan_runs(const cvk_box *box, int voxel_byte_count, cvk_run_scan *scan) {
    switch (voxel_byte_count) {
    case 1: return scan_8(box, scan);
    case 2: return scan_16(box, scan);
    case 4: return scan_32(box, scan);
    default: return scan_64(box, scan);
    }
}

// Whole vectors are stored where they fit the row: what is too much is overwritten by the next run.
#define DEFINE_FILL(bits, lanes)                                                                         \
    typedef uint##bits##_t block_##bits __attribute__((ext_vector_type(lanes)));                         \
    typedef block_##bits unaligned_block_##bits UNALIGNED;                                               \
    INLINE void fill_row_##bits(const cvk_run_array *array, size_t row, size_t lower, size_t upper,      \
                                u##bits *target) {                                                       \
        const uint32_t *run = array->runs + array->row_starts[row];                                      \
        while ((*run & 0xFFFF) <= lower) run++;                                                          \
        size_t x = lower;                                                                                \
        while (x < upper) {                                                                              \
            size_t end = *run & 0xFFFF;                                                                  \
            uint##bits##_t value = (uint##bits##_t)array->palette[*run >> 16];                           \
            run++;                                                                                       \
            if (end > upper) end = upper;                                                                \
            block_##bits block = (block_##bits)value;                                                    \
            while (x < end && x + lanes <= upper) {                                                      \
                *(unaligned_block_##bits *)(target + (x - lower)) = block;                               \
                x += lanes;                                                                              \
            }                                                                                            \
            while (x < end) target[x++ - lower] = value;                                                 \
            x = end;                                                                                     \
        }                                                                                                \
    }                                                                                                    \
    CLONES static void fill_##bits(const cvk_run_array *array, size_t lower, const cvk_box *target,      \
                                   size_t first_row, size_t rows_of_plane) {                             \
        FOR_EACH_ROW(target)                                                                             \
            fill_row_##bits(array, first_row + z_ * rows_of_plane + y_, lower, lower + target->x,        \
                            (u##bits *)ROW(target));                                                     \
    }

DEFINE_FILL(8, 32)
DEFINE_FILL(16, 16)
DEFINE_FILL(32, 16)
DEFINE_FILL(64, 8)

void cvk_fill_runs(const cvk_run_array *array, size_t x, size_t first_row, size_t rows_of_plane,
                   const cvk_box *target, int voxel_byte_count) {
    if (target->x == 0) return;
    switch (voxel_byte_count) {
    case 1: fill_8(array, x, target, first_row, rows_of_plane); break;
    case 2: fill_16(array, x, target, first_row, rows_of_plane); break;
    case 4: fill_32(array, x, target, first_row, rows_of_plane); break;
    default: fill_64(array, x, target, first_row, rows_of_plane); break;
    }
}

INLINE void tally_row(const cvk_run_array *array, size_t row, const cvk_run_part *part, uint32_t y, uint32_t z,
                      cvk_tally *tallies) {
    const uint32_t *run = array->runs + array->row_starts[row];
    uint32_t lower = (uint32_t)part->x, upper = lower + (uint32_t)part->extent_x;
    while ((*run & 0xFFFF) <= lower) run++;
    for (uint32_t x = lower; x < upper; run++) {
        uint32_t end = *run & 0xFFFF;
        if (end > upper) end = upper;
        cvk_tally *tally = tallies + (*run >> 16);
        uint32_t first = x - lower, last = end - lower;  // last is exclusive
        uint64_t length = last - first;
        tally->count += length;
        tally->sum_x += ((uint64_t)first + last - 1) * length / 2;
        tally->sum_y += y * length;
        tally->sum_z += z * length;
        if (first < tally->lower_x) tally->lower_x = first;
        if (last > tally->upper_x) tally->upper_x = last;
        if (y < tally->lower_y) tally->lower_y = y;
        if (y + 1 > tally->upper_y) tally->upper_y = y + 1;
        if (z < tally->lower_z) tally->lower_z = z;
        if (z + 1 > tally->upper_z) tally->upper_z = z + 1;
        x = end;
    }
}

void cvk_tally_runs(const cvk_run_array *array, const cvk_run_part *part, cvk_tally *tallies) {
    if (part->extent_x == 0) return;
    for (size_t z = 0; z < part->extent_z; z++)
        for (size_t y = 0; y < part->extent_y; y++)
            tally_row(array, (part->z + z) * part->rows_of_plane + part->y + y, part, (uint32_t)y, (uint32_t)z,
                      tallies);
}
