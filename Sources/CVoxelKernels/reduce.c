// Reductions by 1 or 2 along each axis.
#include "kernels.h"

typedef unsigned __int128 u128;
typedef __int128 i128;

// Up to four source rows cover one destination row: row pointers in z, y order.
typedef struct cvk_rows {
    const char *row[4];
    int count;  // 1, 2 or 4
} cvk_rows;

typedef void (*cvk_row_kernel)(const cvk_rows *rows, size_t source_count, size_t factor, size_t phase,
                               void *destination, size_t count);

// Reads the voxels of a window of `r` rows and `c` columns that starts at column x.
#define WINDOW(type, r, c)                                              \
    __typeof__((type)0) w[(r) * (c)];                                   \
    for (int j = 0; j < (r); j++)                                       \
        for (int k = 0; k < (c); k++) w[j * (c) + k] = s[j][x + (size_t)k];

// A row kernel from a function of a window: the first and the last window may miss a column.
#define DEFINE_ROW(method, name, type, clones)                                                          \
    INLINE void method##_columns_##name(const type *const s[4], int r, size_t x, int c, size_t step,    \
                                        type *d, size_t count) {                                        \
        for (size_t i = 0; i < count; i++, x += step) d[i] = method##_##name(s, r, c, x);               \
    }                                                                                                   \
    DEFINE_ROW_OF_COLUMNS(method, name, type, clones)

#define DEFINE_ROW_OF_COLUMNS(method, name, type, clones)                                               \
    INLINE void method##_by_##name(const type *const s[4], int r, size_t source_count, size_t factor,   \
                                   size_t phase, type *d, size_t count) {                               \
        if (factor == 1) {                                                                              \
            method##_columns_##name(s, r, 0, 1, 1, d, count);                                           \
            return;                                                                                     \
        }                                                                                               \
        size_t first = phase, pairs = (source_count - phase) / 2;                                       \
        if (phase) method##_columns_##name(s, r, 0, 1, 1, d, 1);                                        \
        method##_columns_##name(s, r, phase, 2, 2, d + first, pairs);                                   \
        if (first + pairs < count)                                                                      \
            method##_columns_##name(s, r, source_count - 1, 1, 1, d + first + pairs, 1);                \
    }                                                                                                   \
    clones static void method##_row_##name(const cvk_rows *rows, size_t source_count, size_t factor,    \
                                           size_t phase, void *destination, size_t count) {             \
        const type *const s[4] = {(const type *)rows->row[0], (const type *)rows->row[1],               \
                                  (const type *)rows->row[2], (const type *)rows->row[3]};              \
        type *d = (type *)destination;                                                                  \
        switch (rows->count) {                                                                          \
        case 1: method##_by_##name(s, 1, source_count, factor, phase, d, count); break;                 \
        case 2: method##_by_##name(s, 2, source_count, factor, phase, d, count); break;                 \
        default: method##_by_##name(s, 4, source_count, factor, phase, d, count); break;                \
        }                                                                                               \
    }

// Mean of integers, rounded half to even: a window holds 1, 2, 4 or 8 voxels. The shift floors, so adding
// half - 1 and the lowest bit of the floored mean carries exactly when the mean has to go up.
#define DEFINE_MEAN_INTEGER(name, type, sum_type, clones)                                               \
    INLINE type mean_##name(const type *const s[4], int r, int c, size_t x) {                           \
        sum_type sum = 0;                                                                               \
        for (int j = 0; j < r; j++)                                                                     \
            for (int k = 0; k < c; k++) sum = (sum_type)(sum + (sum_type)s[j][x + (size_t)k]);          \
        int n = r * c, shift = n == 8 ? 3 : n == 4 ? 2 : n == 2 ? 1 : 0;                                \
        if (n == 1) return (__typeof__((type)0))sum;                                                    \
        sum_type up = (sum_type)((sum_type)(n / 2 - 1) + (sum_type)(sum >> shift & 1));                 \
        return (__typeof__((type)0))((sum_type)(sum + up) >> shift);                                    \
    }                                                                                                   \
    DEFINE_ROW(mean, name, type, clones)

// The same for narrow unsigned voxels, whose pairs are read as one word of twice the width: no shuffles.
#define DEFINE_MEAN_PAIRS(name, type, pair_type, sum_type, bits)                                        \
    INLINE type mean_##name(const type *const s[4], int r, int c, size_t x) {                           \
        sum_type sum = 0;                                                                               \
        for (int j = 0; j < r; j++)                                                                     \
            if (c == 2) {                                                                               \
                sum_type pair = *(const pair_type *)(s[j] + x);                                         \
                sum = (sum_type)(sum + (pair & ((1u << bits) - 1)) + (pair >> bits));                   \
            } else {                                                                                    \
                sum = (sum_type)(sum + s[j][x]);                                                        \
            }                                                                                           \
        int n = r * c, shift = n == 8 ? 3 : n == 4 ? 2 : n == 2 ? 1 : 0;                                \
        if (n == 1) return (__typeof__((type)0))sum;                                                    \
        sum_type up = (sum_type)(n / 2 - 1 + (sum >> shift & 1));                                       \
        return (__typeof__((type)0))((sum_type)(sum + up) >> shift);                                    \
    }                                                                                                   \
    DEFINE_ROW(mean, name, type, CLONES)

// Mean of floats; the sum is a double's.
#define DEFINE_MEAN_FLOAT(name, type, clones)                                                           \
    INLINE type mean_##name(const type *const s[4], int r, int c, size_t x) {                           \
        double sum = 0;                                                                                 \
        for (int j = 0; j < r; j++)                                                                     \
            for (int k = 0; k < c; k++) sum += (double)s[j][x + (size_t)k];                             \
        return (__typeof__((type)0))(sum * (1.0 / (r * c)));                                            \
    }                                                                                                   \
    DEFINE_ROW(mean, name, type, clones)

DEFINE_MEAN_PAIRS(u8, u8, u16, uint16_t, 8)
DEFINE_MEAN_PAIRS(u16, u16, u32, uint32_t, 16)
DEFINE_MEAN_INTEGER(u32, u32, uint64_t, CLONES)
DEFINE_MEAN_INTEGER(u64, u64, u128, )
DEFINE_MEAN_INTEGER(i8, i8, int16_t, )
DEFINE_MEAN_INTEGER(i16, i16, int32_t, )
DEFINE_MEAN_INTEGER(i32, i32, int64_t, )
DEFINE_MEAN_INTEGER(i64, i64, i128, )
DEFINE_MEAN_FLOAT(f32, f32, CLONES)
DEFINE_MEAN_FLOAT(f64, f64, )

// Mode of integers: the most frequent value; of equally frequent ones the smallest that is not 0.
// No branch depends on a voxel, so that the loops over a row become vector code.
#define UNROLL _Pragma("clang loop unroll(full)")
#define DEFINE_MODE_WINDOW(name, type)                                                                  \
    INLINE type mode_##name(const type *const s[4], int r, int c, size_t x) {                           \
        WINDOW(type, r, c)                                                                              \
        int n = r * c;                                                                                  \
        __typeof__((type)0) best = w[0], best_count = 0;                                                \
        UNROLL                                                                                          \
        for (int j = 0; j < n; j++) best_count = (__typeof__((type)0))(best_count + (w[j] == w[0]));    \
        UNROLL                                                                                          \
        for (int i = 1; i < n; i++) {                                                                   \
            __typeof__((type)0) equal = 0;                                                              \
            UNROLL                                                                                      \
            for (int j = 0; j < n; j++) equal = (__typeof__((type)0))(equal + (w[j] == w[i]));          \
            int wins = (equal > best_count)                                                             \
                | ((equal == best_count) & (w[i] != 0) & ((best == 0) | (w[i] < best)));                \
            best = wins ? w[i] : best;                                                                  \
            best_count = wins ? equal : best_count;                                                     \
        }                                                                                               \
        return best;                                                                                    \
    }

#define DEFINE_MODE(name, type, clones)                                                                 \
    DEFINE_MODE_WINDOW(name, type)                                                                      \
    INLINE void mode_columns_##name(const type *const s[4], int r, size_t x, int c, size_t step, type *d, \
                                    size_t count) {                                                     \
        size_t i = 0;                                                                                   \
        /* Labels come in large patches: look for blocks of windows without any difference first. */    \
        for (; c == 2 && i + MODE_BLOCK <= count; i += MODE_BLOCK, x += 2 * MODE_BLOCK) {               \
            __typeof__((type)0) different = 0;                                                          \
            for (size_t k = 0; k < 2 * MODE_BLOCK; k++)                                                 \
                for (int j = 0; j < r; j++)                                                             \
                    different = (__typeof__((type)0))(different | (s[j][x + k] ^ s[0][x]));             \
            if (different == 0)                                                                         \
                for (size_t k = 0; k < MODE_BLOCK; k++) d[i + k] = s[0][x];                             \
            else                                                                                        \
                for (size_t k = 0; k < MODE_BLOCK; k++) d[i + k] = mode_##name(s, r, 2, x + 2 * k);     \
        }                                                                                               \
        for (; i < count; i++, x += step) d[i] = mode_##name(s, r, c, x);                               \
    }                                                                                                   \
    DEFINE_ROW_OF_COLUMNS(mode, name, type, clones)
#define MODE_BLOCK 16

DEFINE_MODE(u8, u8, CLONES)
DEFINE_MODE(u16, u16, CLONES)
DEFINE_MODE(u32, u32, CLONES)
DEFINE_MODE(u64, u64, CLONES)
DEFINE_MODE(i8, i8, )
DEFINE_MODE(i16, i16, )
DEFINE_MODE(i32, i32, )
DEFINE_MODE(i64, i64, )

// Mode of floats: over their bits, ordered as numbers with NaNs at the ends, -0.0 counting as 0.0.
#define DEFINE_MODE_FLOAT(name, type, bits)                                                             \
    INLINE int##bits##_t key_##name(uint##bits##_t v) {                                                 \
        if (v == (uint##bits##_t)1 << (bits - 1)) return 0;                                             \
        int##bits##_t ordered = (int##bits##_t)v;                                                       \
        return ordered < 0 ? (int##bits##_t)(ordered ^ INT##bits##_MAX) : ordered;                      \
    }                                                                                                   \
    INLINE u##bits mode_##name(const u##bits *const s[4], int r, int c, size_t x) {                     \
        int##bits##_t w[8], best = 0;                                                                   \
        for (int j = 0; j < r; j++)                                                                     \
            for (int k = 0; k < c; k++) w[j * c + k] = key_##name(s[j][x + (size_t)k]);                 \
        int n = r * c, best_count = 0;                                                                  \
        for (int i = 0; i < n; i++) {                                                                   \
            int equal = 0;                                                                              \
            for (int j = 0; j < n; j++) equal += w[j] == w[i];                                          \
            int wins = equal > best_count                                                               \
                || (equal == best_count && w[i] != 0 && (best == 0 || w[i] < best));                    \
            if (wins) best = w[i], best_count = equal;                                                  \
        }                                                                                               \
        return (uint##bits##_t)(best < 0 ? best ^ INT##bits##_MAX : best);                              \
    }                                                                                                   \
    DEFINE_ROW(mode, name, u##bits, )

DEFINE_MODE_FLOAT(f32, f32, 32)
DEFINE_MODE_FLOAT(f64, f64, 64)

// Extremes; a NaN wins.
#define DEFINE_EXTREMES(name, type, clones)                                                             \
    INLINE type minimum_##name(const type *const s[4], int r, int c, size_t x) {                        \
        __typeof__((type)0) best = s[0][x];                                                             \
        for (int j = 0; j < r; j++)                                                                     \
            for (int k = 0; k < c; k++) {                                                               \
                __typeof__((type)0) v = s[j][x + (size_t)k];                                            \
                best = ((v < best) | (v != v)) ? v : best;                                                \
            }                                                                                           \
        return best;                                                                                    \
    }                                                                                                   \
    INLINE type maximum_##name(const type *const s[4], int r, int c, size_t x) {                        \
        __typeof__((type)0) best = s[0][x];                                                             \
        for (int j = 0; j < r; j++)                                                                     \
            for (int k = 0; k < c; k++) {                                                               \
                __typeof__((type)0) v = s[j][x + (size_t)k];                                            \
                best = ((v > best) | (v != v)) ? v : best;                                                \
            }                                                                                           \
        return best;                                                                                    \
    }                                                                                                   \
    DEFINE_ROW(minimum, name, type, clones)                                                             \
    DEFINE_ROW(maximum, name, type, clones)

DEFINE_EXTREMES(u8, u8, CLONES)
DEFINE_EXTREMES(u16, u16, CLONES)
DEFINE_EXTREMES(u32, u32, )
DEFINE_EXTREMES(u64, u64, )
DEFINE_EXTREMES(i8, i8, )
DEFINE_EXTREMES(i16, i16, )
DEFINE_EXTREMES(i32, i32, )
DEFINE_EXTREMES(i64, i64, )
DEFINE_EXTREMES(f32, f32, CLONES)
DEFINE_EXTREMES(f64, f64, )

// The first voxel present, the same for all types of a width.
#define DEFINE_STRIDE(name, type)                                                                       \
    INLINE type stride_##name(const type *const s[4], int r, int c, size_t x) { return s[0][x]; }       \
    DEFINE_ROW(stride, name, type, )

DEFINE_STRIDE(u8, u8)
DEFINE_STRIDE(u16, u16)
DEFINE_STRIDE(u32, u32)
DEFINE_STRIDE(u64, u64)

#define TYPES(m) \
    {m##_row_u8, m##_row_u16, m##_row_u32, m##_row_u64, m##_row_i8, m##_row_i16, m##_row_i32, \
     m##_row_i64, m##_row_f32, m##_row_f64}

static const cvk_row_kernel kernels[5][10] = {
    TYPES(mean), TYPES(mode), TYPES(minimum), TYPES(maximum),
    {stride_row_u8, stride_row_u16, stride_row_u32, stride_row_u64, stride_row_u8, stride_row_u16,
     stride_row_u32, stride_row_u64, stride_row_u32, stride_row_u64}};

// The source positions that destination position `at` covers along an axis.
INLINE size_t window_start(size_t at, size_t factor, size_t phase) {
    return at == 0 ? 0 : at * factor - phase;
}
INLINE size_t window_end(size_t at, size_t factor, size_t phase, size_t length) {
    size_t end = (at + 1) * factor - phase;
    return end < length ? end : length;
}

void cvk_reduce(const cvk_reduction *p, int method, int voxel_type) {
    cvk_row_kernel kernel = kernels[method][voxel_type];
    const cvk_box *source = &p->source, *destination = &p->destination;
    if (destination->x == 0) return;
    for (size_t z = 0; z < destination->z; z++) {
        size_t z_start = window_start(z, p->factor_z, p->phase_z);
        size_t z_end = window_end(z, p->factor_z, p->phase_z, source->z);
        for (size_t y = 0; y < destination->y; y++) {
            size_t y_start = window_start(y, p->factor_y, p->phase_y);
            size_t y_end = window_end(y, p->factor_y, p->phase_y, source->y);
            cvk_rows rows = {.count = 0};
            for (size_t sz = z_start; sz < z_end; sz++)
                for (size_t sy = y_start; sy < y_end; sy++)
                    rows.row[rows.count++] =
                        (const char *)source->base + sz * source->plane_stride + sy * source->row_stride;
            char *to = (char *)destination->base + z * destination->plane_stride + y * destination->row_stride;
            kernel(&rows, source->x, p->factor_x, p->phase_x, to, destination->x);
        }
    }
}
