// Count, extremes and sums of a box.
#include "kernels.h"

#include <float.h>

typedef unsigned __int128 wide;

// Adds to a 128-bit number in two words.
INLINE void add_wide(uint64_t *low, uint64_t *high, wide value) {
    wide sum = ((wide)*high << 64 | *low) + value;
    *low = (uint64_t)sum;
    *high = (uint64_t)(sum >> 64);
}

// Integers: exact sums. A block is short enough for its sums to fit `sum_type` and `square_type`.
#define DEFINE_INTEGER(name, type, min_value, max_value, block, sum_type, square_type, clones)            \
    clones static void row_##name(const char *row, size_t count, cvk_statistics *r, type *low, type *high) { \
        const type *s = (const type *)row;                                                               \
        __typeof__((type)0) smallest = *low, largest = *high;                                            \
        for (size_t start = 0; start < count; start += block) {                                          \
            size_t end = count - start < block ? count : start + block;                                  \
            sum_type sum = 0;                                                                            \
            square_type squares = 0;                                                                     \
            uint32_t zeros = 0;                                                                          \
            for (size_t i = start; i < end; i++) {                                                       \
                __typeof__((type)0) v = s[i];                                                            \
                smallest = v < smallest ? v : smallest;                                                  \
                largest = v > largest ? v : largest;                                                     \
                zeros += v == 0;                                                                         \
                sum += (sum_type)v;                                                                      \
                squares += (square_type)((square_type)v * (square_type)v);                               \
            }                                                                                            \
            r->zeros += zeros;                                                                           \
            add_wide(&r->sum_low, &r->sum_high, (wide)(__int128)sum);                                    \
            wide before = (wide)r->squares_high << 64 | r->squares_low;                                  \
            add_wide(&r->squares_low, &r->squares_high, (wide)squares);                                  \
            r->squares_carry += ((wide)r->squares_high << 64 | r->squares_low) < before;                 \
        }                                                                                                \
        *low = smallest;                                                                                 \
        *high = largest;                                                                                 \
        r->count += count;                                                                               \
    }                                                                                                    \
    static void statistics_##name(const cvk_box *flat, cvk_statistics *r) {                              \
        type low = max_value, high = min_value;                                                          \
        FOR_EACH_ROW(flat) row_##name(ROW(flat), flat->x, r, &low, &high);                               \
        r->minimum_bits = (uint64_t)low;                                                                 \
        r->maximum_bits = (uint64_t)high;                                                                \
    }

DEFINE_INTEGER(u8, u8, 0, UINT8_MAX, 32768, uint32_t, uint32_t, CLONES)
DEFINE_INTEGER(i8, i8, INT8_MIN, INT8_MAX, 32768, int32_t, int32_t, CLONES)
DEFINE_INTEGER(u16, u16, 0, UINT16_MAX, 32768, uint32_t, uint64_t, CLONES)
DEFINE_INTEGER(i16, i16, INT16_MIN, INT16_MAX, 32768, int32_t, int64_t, CLONES)
DEFINE_INTEGER(u32, u32, 0, UINT32_MAX, 32768, uint64_t, wide, )
DEFINE_INTEGER(i32, i32, INT32_MIN, INT32_MAX, 32768, int64_t, __int128, )
// A block of one: two squares of 64-bit values may not fit 128 bits.
DEFINE_INTEGER(u64, u64, 0, UINT64_MAX, 1, uint64_t, wide, )
DEFINE_INTEGER(i64, i64, INT64_MIN, INT64_MAX, 1, int64_t, __int128, )

// Floats: eight running sums a block, joined pairwise, blocks joined with compensation. NaNs are left out.
#define LANES 8
#define DEFINE_FLOAT(name, type)                                                                         \
    CLONES static void row_##name(const char *row, size_t count, cvk_statistics *r) {                    \
        const type *s = (const type *)row;                                                               \
        for (size_t start = 0; start < count; start += 1024) {                                           \
            size_t end = count - start < 1024 ? count : start + 1024;                                    \
            double sum[LANES] = {0}, squares[LANES] = {0}, low[LANES], high[LANES];                      \
            uint64_t zeros[LANES] = {0}, nans[LANES] = {0};                                              \
            for (int l = 0; l < LANES; l++) low[l] = r->minimum, high[l] = r->maximum;                   \
            size_t i = start;                                                                            \
            for (; i + LANES <= end; i += LANES)                                                         \
                for (int l = 0; l < LANES; l++) ADD_FLOAT(l, s[i + (size_t)l]);                          \
            for (; i < end; i++) ADD_FLOAT(0, s[i]);                                                     \
            for (int half = LANES / 2; half > 0; half /= 2)                                              \
                for (int l = 0; l < half; l++) {                                                         \
                    sum[l] += sum[l + half];                                                             \
                    squares[l] += squares[l + half];                                                     \
                    zeros[l] += zeros[l + half];                                                         \
                    nans[l] += nans[l + half];                                                           \
                    low[l] = low[l + half] < low[l] ? low[l + half] : low[l];                            \
                    high[l] = high[l + half] > high[l] ? high[l + half] : high[l];                       \
                }                                                                                        \
            cvk_add_compensated(&r->sum, &r->sum_compensation, sum[0]);                                  \
            cvk_add_compensated(&r->squares, &r->squares_compensation, squares[0]);                      \
            r->zeros += zeros[0];                                                                        \
            r->nans += nans[0];                                                                          \
            r->minimum = low[0];                                                                         \
            r->maximum = high[0];                                                                        \
        }                                                                                                \
        r->count += count;                                                                               \
    }                                                                                                    \
    static void statistics_##name(const cvk_box *flat, cvk_statistics *r) {                              \
        r->minimum = __builtin_inf();                                                                    \
        r->maximum = -__builtin_inf();                                                                   \
        FOR_EACH_ROW(flat) row_##name(ROW(flat), flat->x, r);                                            \
        r->count -= r->nans;                                                                             \
    }
#define ADD_FLOAT(lane, value)                         \
    do {                                               \
        double v = (value), present = v == v ? v : 0;  \
        nans[lane] += v != v;                          \
        zeros[lane] += v == 0;                         \
        low[lane] = v < low[lane] ? v : low[lane];     \
        high[lane] = v > high[lane] ? v : high[lane];  \
        sum[lane] += present;                          \
        squares[lane] += present * present;            \
    } while (0)

DEFINE_FLOAT(f32, f32)
DEFINE_FLOAT(f64, f64)

static const unsigned char voxel_sizes[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};

void cvk_statistics_box(const cvk_box *box, int voxel_type, cvk_statistics *result) {
    *result = (cvk_statistics){0};
    cvk_box flat = cvk_flatten_box(box, voxel_sizes[voxel_type]);
    switch (voxel_type) {
    case CVK_UINT8: statistics_u8(&flat, result); break;
    case CVK_UINT16: statistics_u16(&flat, result); break;
    case CVK_UINT32: statistics_u32(&flat, result); break;
    case CVK_UINT64: statistics_u64(&flat, result); break;
    case CVK_INT8: statistics_i8(&flat, result); break;
    case CVK_INT16: statistics_i16(&flat, result); break;
    case CVK_INT32: statistics_i32(&flat, result); break;
    case CVK_INT64: statistics_i64(&flat, result); break;
    case CVK_FLOAT32: statistics_f32(&flat, result); break;
    default: statistics_f64(&flat, result); break;
    }
}
