// Copying and filling boxes.
#include "kernels.h"

#include <string.h>

// Rows of a constant size: the compiler turns each memcpy into a few moves.
#define COPY_ROWS(count)                                                          \
    FOR_EACH_PAIR(&flat) memcpy(DESTINATION_ROW(&flat), SOURCE_ROW(&flat), count); \
    break

void cvk_copy_box(const cvk_copy *plan) {
    if (plan->row_byte_count == 0 || plan->row_count == 0 || plan->plane_count == 0) return;
    cvk_copy flat = cvk_flatten_copy(plan);
    switch (flat.row_byte_count) {
    case 1: COPY_ROWS(1);
    case 2: COPY_ROWS(2);
    case 4: COPY_ROWS(4);
    case 8: COPY_ROWS(8);
    case 16: COPY_ROWS(16);
    case 32: COPY_ROWS(32);
    case 64: COPY_ROWS(64);
    case 128: COPY_ROWS(128);
    default: COPY_ROWS(flat.row_byte_count);
    }
}

void cvk_copy_guarded(const void *source, ptrdiff_t byte_count, void *context) {
    cvk_copy plan = *(const cvk_copy *)context;
    if (plan.row_byte_count == 0 || plan.row_count == 0 || plan.plane_count == 0) return;
    size_t end = plan.source_offset + (plan.plane_count - 1) * plan.source_plane_stride
        + (plan.row_count - 1) * plan.source_row_stride + plan.row_byte_count;
    if (byte_count < 0 || end > (size_t)byte_count) __builtin_trap();
    plan.source = source;
    cvk_copy_box(&plan);
}

#define FILL_ROWS(type)                                           \
    FOR_EACH_ROW(&flat) {                                         \
        type *row = (type *)ROW(&flat);                           \
        for (size_t i = 0; i < flat.x; i++) row[i] = (type)value; \
    }                                                             \
    break

void cvk_fill_box(const cvk_box *box, int voxel_byte_count, uint64_t value) {
    if (box->x == 0 || box->y == 0 || box->z == 0) return;
    cvk_box flat = cvk_flatten_box(box, (size_t)voxel_byte_count);
    uint64_t repeated = (value & 0xFF) * (UINT64_MAX / 255) >> (64 - 8 * voxel_byte_count);
    uint64_t significant = value & UINT64_MAX >> (64 - 8 * voxel_byte_count);
    if (repeated == significant) {
        FOR_EACH_ROW(&flat) memset(ROW(&flat), (int)(value & 0xFF), flat.x * (size_t)voxel_byte_count);
        return;
    }
    switch (voxel_byte_count) {
    case 2: FILL_ROWS(u16);
    case 4: FILL_ROWS(u32);
    default: FILL_ROWS(u64);
    }
}
