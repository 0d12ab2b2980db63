// Distinct values of a box with counts and bounding boxes: runs along x into a hash table.
#include "kernels.h"
#include "run.h"

// The slot of an id, which it takes if free; SIZE_MAX when the table is at its limit.
INLINE size_t find_slot(cvk_label_table *table, uint64_t id) {
    size_t slot = cvk_label_slot(id, table->mask);
    while (table->counts[slot] != 0) {
        if (table->ids[slot] == id) return slot;
        slot = (slot + 1) & table->mask;
    }
    if (table->used == table->limit) return SIZE_MAX;
    table->used++;
    table->ids[slot] = id;
    if (table->bounds) {
        int64_t *b = table->bounds + 6 * slot;
        b[0] = b[1] = b[2] = INT64_MAX;
        b[3] = b[4] = b[5] = INT64_MIN;
    }
    return slot;
}

INLINE void widen(int64_t *b, int64_t low_x, int64_t high_x, int64_t y, int64_t z) {
    if (low_x < b[0]) b[0] = low_x;
    if (high_x > b[3]) b[3] = high_x;
    if (y < b[1]) b[1] = y;
    if (y + 1 > b[4]) b[4] = y + 1;
    if (z < b[2]) b[2] = z;
    if (z + 1 > b[5]) b[5] = z + 1;
}

#define DEFINE_LABELS(bits)                                                                         \
    CLONES static int labels_##bits(cvk_label_scan *scan, cvk_label_table *table) {                 \
        const cvk_box *box = &scan->box;                                                            \
        size_t x = scan->next_x, y = scan->next_y, z = scan->next_z, count = box->x;                \
        for (; z < box->z; z++, y = 0)                                                              \
            for (; y < box->y; y++, x = 0) {                                                        \
                const u##bits *s =                                                                  \
                    (const u##bits *)((const char *)box->base + z * box->plane_stride + y * box->row_stride); \
                while (x < count) {                                                                 \
                    size_t start = x;                                                               \
                    uint##bits##_t value = s[start];                                                \
                    x += run_##bits(s + start, count - start, value);                               \
                    if (scan->skips && value == (uint##bits##_t)scan->skipped) continue;            \
                    size_t slot = find_slot(table, value);                                          \
                    if (slot == SIZE_MAX) {                                                         \
                        scan->next_x = start, scan->next_y = y, scan->next_z = z;                   \
                        return 0;                                                                   \
                    }                                                                               \
                    table->counts[slot] += x - start;                                               \
                    if (table->bounds)                                                              \
                        widen(table->bounds + 6 * slot, scan->origin_x + (int64_t)start,            \
                              scan->origin_x + (int64_t)x, scan->origin_y + (int64_t)y,             \
                              scan->origin_z + (int64_t)z);                                         \
                }                                                                                   \
            }                                                                                       \
        scan->next_x = scan->next_y = 0, scan->next_z = box->z;                                     \
        return 1;                                                                                   \
    }

DEFINE_LABELS(8)
DEFINE_LABELS(16)
DEFINE_LABELS(32)
DEFINE_LABELS(64)

int cvk_scan_labels(cvk_label_scan *scan, int voxel_byte_count, cvk_label_table *table) {
    switch (voxel_byte_count) {
    case 1: return labels_8(scan, table);
    case 2: return labels_16(scan, table);
    case 4: return labels_32(scan, table);
    default: return labels_64(scan, table);
    }
}
