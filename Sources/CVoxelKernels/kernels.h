// What the kernel files share: unaligned voxel types, function clones and row flattening.
#ifndef CVK_KERNELS_H
#define CVK_KERNELS_H

#include "CVoxelKernels.h"

#define UNALIGNED __attribute__((aligned(1), may_alias))
typedef uint8_t u8 UNALIGNED;
typedef uint16_t u16 UNALIGNED;
typedef uint32_t u32 UNALIGNED;
typedef uint64_t u64 UNALIGNED;
typedef int8_t i8 UNALIGNED;
typedef int16_t i16 UNALIGNED;
typedef int32_t i32 UNALIGNED;
typedef int64_t i64 UNALIGNED;
typedef float f32 UNALIGNED;
typedef double f64 UNALIGNED;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_WATCHED 1
#endif
#endif

// One machine-code version for each of three x86-64 levels; the loader picks, before the thread sanitizer is ready for
// any function.
#if defined(__x86_64__) && defined(__linux__) && !defined(IS_WATCHED)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

#define INLINE static inline __attribute__((always_inline))

// Joins rows, then planes, that lie one after the other, so that few long rows are left.
INLINE cvk_copy cvk_flatten_copy(const cvk_copy *plan) {
    cvk_copy flat = *plan;
    if (flat.source_row_stride == flat.row_byte_count && flat.destination_row_stride == flat.row_byte_count) {
        flat.row_byte_count *= flat.row_count;
        flat.row_count = 1;
    }
    if (flat.row_count == 1) {
        flat.row_count = flat.plane_count;
        flat.source_row_stride = flat.source_plane_stride;
        flat.destination_row_stride = flat.destination_plane_stride;
        flat.plane_count = 1;
        if (flat.source_row_stride == flat.row_byte_count && flat.destination_row_stride == flat.row_byte_count) {
            flat.row_byte_count *= flat.row_count;
            flat.row_count = 1;
        }
    } else if (flat.source_plane_stride == flat.source_row_stride * flat.row_count
               && flat.destination_plane_stride == flat.destination_row_stride * flat.row_count) {
        flat.row_count *= flat.plane_count;
        flat.plane_count = 1;
    }
    return flat;
}

// The same for a box inside one array.
INLINE cvk_box cvk_flatten_box(const cvk_box *box, size_t voxel_byte_count) {
    cvk_box flat = *box;
    if (flat.row_stride == flat.x * voxel_byte_count) {
        flat.x *= flat.y;
        flat.y = 1;
    }
    if (flat.y == 1) {
        flat.y = flat.z;
        flat.row_stride = flat.plane_stride;
        flat.z = 1;
        if (flat.row_stride == flat.x * voxel_byte_count) {
            flat.x *= flat.y;
            flat.y = 1;
        }
    }
    return flat;
}

#define FOR_EACH_ROW(box)                          \
    for (size_t z_ = 0; z_ < (box)->z; z_++)       \
        for (size_t y_ = 0; y_ < (box)->y; y_++)
#define ROW(box) ((char *)(box)->base + z_ * (box)->plane_stride + y_ * (box)->row_stride)

#define FOR_EACH_PAIR(plan)                                \
    for (size_t z_ = 0; z_ < (plan)->plane_count; z_++)    \
        for (size_t y_ = 0; y_ < (plan)->row_count; y_++)
#define SOURCE_ROW(plan)                                                                   \
    ((const char *)(plan)->source + (plan)->source_offset + z_ * (plan)->source_plane_stride \
     + y_ * (plan)->source_row_stride)
#define DESTINATION_ROW(plan)                                                     \
    ((char *)(plan)->destination + z_ * (plan)->destination_plane_stride           \
     + y_ * (plan)->destination_row_stride)

#endif
