// Loops over dense C-order voxel arrays (x fastest). Strides and offsets are in bytes, counts in voxels
// unless the name says bytes. Pointers need no alignment. Callers check that every box lies inside its
// array; these functions trust the numbers they are given.
#ifndef CVOXELKERNELS_H
#define CVOXELKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// A box copied from one array into another.
typedef struct cvk_copy {
    const void *_Nullable source;  // first byte of the source array
    void *destination;             // first voxel of the box in the destination array
    size_t source_offset;          // of the first voxel of the box
    size_t source_row_stride, source_plane_stride;
    size_t destination_row_stride, destination_plane_stride;
    size_t row_byte_count, row_count, plane_count;
} cvk_copy;

// A box inside one array; `base` is its first voxel.
typedef struct cvk_box {
    void *base;
    size_t row_stride, plane_stride;
    size_t x, y, z;
} cvk_box;

// Copies the box; the arrays do not overlap.
void cvk_copy_box(const cvk_copy *plan);

// Copies the box from `source`; `context` points to a cvk_copy whose own source is not used.
// Traps when the box does not fit `byte_count` source bytes.
void cvk_copy_guarded(const void *source, ptrdiff_t byte_count, void *context);

// Sets every voxel of the box to the low bytes of `value`.
void cvk_fill_box(const cvk_box *box, int voxel_byte_count, uint64_t value);

enum { CVK_OVERWRITE = 0, CVK_NONZERO = 1, CVK_PRESERVE = 2 };

// Copies the box by one of the modes above and returns how many voxels changed their bits.
size_t cvk_merge_box(const cvk_copy *plan, int voxel_byte_count, int mode, uint64_t background);

// Whether a destination voxel other than the background differs from its source voxel.
int cvk_merge_conflicts(const cvk_copy *plan, int voxel_byte_count, uint64_t background);

// Whether every voxel equals the first one, which the box must have.
int cvk_is_constant(const cvk_box *box, int voxel_byte_count);

// The number of voxels whose bits equal the low bytes of `value`.
size_t cvk_count_value(const cvk_box *box, int voxel_byte_count, uint64_t value);

// The first voxel from `x` on in which two rows of `count` voxels differ, `count` where there is none.
size_t cvk_next_difference(
    const void *left, const void *right, int voxel_byte_count, size_t x, size_t count
);

// The smallest box around the voxels of a value: lower x, y, z, then upper (exclusive), counted from the
// first voxel of the box. Returns 0 when no voxel has the value.
int cvk_value_bounds(const cvk_box *box, int voxel_byte_count, uint64_t value, int64_t *bounds);

// Adds the number of voxels of each 8-bit value to 256 counts.
void cvk_count_bytes(const cvk_box *box, uint64_t *counts);

// Voxel types in the order of VoxelType.allCases.
enum {
    CVK_UINT8, CVK_UINT16, CVK_UINT32, CVK_UINT64, CVK_INT8, CVK_INT16, CVK_INT32, CVK_INT64,
    CVK_FLOAT32, CVK_FLOAT64
};

// Sums over a box. Integer types fill the upper group, float types the lower one, both the counts.
typedef struct cvk_statistics {
    uint64_t count, zeros, nans;                          // count is without the NaNs
    uint64_t minimum_bits, maximum_bits;                  // sign-extended
    uint64_t sum_low, sum_high;                           // 128 bits, two's complement
    uint64_t squares_low, squares_high, squares_carry;    // 192 bits, unsigned
    double minimum, maximum, sum, sum_compensation, squares, squares_compensation;
} cvk_statistics;

void cvk_statistics_box(const cvk_box *box, int voxel_type, cvk_statistics *result);

// Adds one number to a sum and its running compensation (Neumaier's variant of Kahan summation).
static inline void cvk_add_compensated(double *sum, double *compensation, double value) {
    double total = *sum + value;
    double left = *sum < 0 ? -*sum : *sum, right = value < 0 ? -value : value;
    *compensation += left >= right ? (*sum - total) + value : (value - total) + *sum;
    *sum = total;
}

// An open-addressing hash table with linear probing; a slot whose count is 0 is free.
typedef struct cvk_label_table {
    uint64_t *ids;
    uint64_t *counts;
    int64_t *_Nullable bounds;  // 6 a slot: lower x, y, z, upper x, y, z (exclusive)
    size_t mask;                // slots - 1, slots being a power of two
    size_t used;
    size_t limit;               // the most slots that may be used
} cvk_label_table;

// A scan of a box for labels and where it stands.
typedef struct cvk_label_scan {
    cvk_box box;
    int64_t origin_x, origin_y, origin_z;  // position of the first voxel of the box
    int skips;
    uint64_t skipped;                      // the value left out if `skips`
    size_t next_x, next_y, next_z;
} cvk_label_scan;

// Adds the voxels of the box from the scan's position on. Returns 1 when it is done and 0 when the table
// needs room first; call it again then with a larger table.
int cvk_scan_labels(cvk_label_scan *scan, int voxel_byte_count, cvk_label_table *table);

// The first slot to look at for an id.
static inline size_t cvk_label_slot(uint64_t id, size_t mask) {
    uint64_t mixed = (id ^ id >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32 ^ mixed >> 15) & mask;
}

// A scan for runs of equal voxels along x. A run is its end in the row (low half) and the number of its value in the
// palette (high half); rows have at most 65535 voxels.
typedef struct cvk_run_scan {
    uint64_t *palette;     // in the order in which values are met
    size_t palette_count, palette_limit;  // at most 65536
    uint32_t *slots;       // hash table of the palette: number + 1, 0 is free; more slots than the limit
    size_t mask;           // slots - 1, slots being a power of two
    uint32_t *row_starts;  // the first run of each row, then the number of runs
    uint32_t *runs;
    size_t run_count, run_limit;
} cvk_run_scan;

// Finds the runs of all rows of a box; returns 0 when palette or runs reach their limit.
int cvk_scan_runs(const cvk_box *box, int voxel_byte_count, cvk_run_scan *scan);

// An array as runs, as a scan leaves it; the last run of each row ends with the row.
typedef struct cvk_run_array {
    const uint64_t *palette;
    const uint32_t *row_starts;
    const uint32_t *runs;
} cvk_run_array;

// Fills the target with the rows of the array from `first_row` on, `rows_of_plane` a plane, from voxel `x` on.
void cvk_fill_runs(const cvk_run_array *array, size_t x, size_t first_row, size_t rows_of_plane,
                   const cvk_box *target, int voxel_byte_count);

// A box of an array of runs: its first voxel and its edges.
typedef struct cvk_run_part {
    size_t x, y, z;
    size_t extent_x, extent_y, extent_z;
    size_t rows_of_plane;  // of the whole array
} cvk_run_part;

// What is known of one value: its voxels, the sums of their coordinates, the smallest box around them (upper ends
// exclusive). Coordinates count from the first voxel of the part.
typedef struct cvk_tally {
    uint64_t count;
    uint64_t sum_x, sum_y, sum_z;
    uint32_t lower_x, lower_y, lower_z;
    uint32_t upper_x, upper_y, upper_z;
} cvk_tally;

// Adds the voxels of a part to the tallies of their values, one a value of the palette. A tally without voxels has
// lower ends above all coordinates and upper ends of 0.
void cvk_tally_runs(const cvk_run_array *array, const cvk_run_part *part, cvk_tally *tallies);

enum { CVK_MEAN, CVK_MODE, CVK_MINIMUM, CVK_MAXIMUM, CVK_STRIDE };

// A reduction: voxel d of `destination` covers source voxels d * factor - phase ..< (d + 1) * factor - phase,
// clipped to the source, which leaves at least one. Factors are 1 or 2, phases 0 or 1 and 0 for factor 1.
typedef struct cvk_reduction {
    cvk_box source, destination;
    size_t factor_x, factor_y, factor_z;
    size_t phase_x, phase_y, phase_z;
} cvk_reduction;

void cvk_reduce(const cvk_reduction *plan, int method, int voxel_type);

#pragma clang assume_nonnull end

#endif
