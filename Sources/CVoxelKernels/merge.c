// Copying boxes by a mode that looks at the voxels already there.
#include "kernels.h"

// The changes of a block are counted in the voxel's own width, which keeps the loops as wide as the
// vector registers; a block is short enough for the count to fit.
#define DEFINE_MERGE(bits, block)                                                                       \
    CLONES static size_t overwrite_##bits(char *to, const char *from, size_t count) {                   \
        u##bits *d = (u##bits *)to;                                                                     \
        const u##bits *s = (const u##bits *)from;                                                       \
        size_t total = 0;                                                                               \
        for (size_t start = 0; start < count; start += block) {                                         \
            size_t end = count - start < block ? count : start + block;                                 \
            uint##bits##_t changed = 0;                                                                 \
            for (size_t i = start; i < end; i++) {                                                      \
                uint##bits##_t new = s[i];                                                              \
                changed += d[i] != new;                                                                 \
                d[i] = new;                                                                             \
            }                                                                                           \
            total += changed;                                                                           \
        }                                                                                               \
        return total;                                                                                   \
    }                                                                                                   \
    CLONES static size_t nonzero_##bits(char *to, const char *from, size_t count, uint##bits##_t back) { \
        u##bits *d = (u##bits *)to;                                                                     \
        const u##bits *s = (const u##bits *)from;                                                       \
        size_t total = 0;                                                                               \
        for (size_t start = 0; start < count; start += block) {                                         \
            size_t end = count - start < block ? count : start + block;                                 \
            uint##bits##_t changed = 0;                                                                 \
            for (size_t i = start; i < end; i++) {                                                      \
                uint##bits##_t old = d[i], new = s[i] == back ? old : s[i];                             \
                changed += old != new;                                                                  \
                d[i] = new;                                                                             \
            }                                                                                           \
            total += changed;                                                                           \
        }                                                                                               \
        return total;                                                                                   \
    }                                                                                                   \
    CLONES static size_t preserve_##bits(char *to, const char *from, size_t count, uint##bits##_t back) { \
        u##bits *d = (u##bits *)to;                                                                     \
        const u##bits *s = (const u##bits *)from;                                                       \
        size_t total = 0;                                                                               \
        for (size_t start = 0; start < count; start += block) {                                         \
            size_t end = count - start < block ? count : start + block;                                 \
            uint##bits##_t changed = 0;                                                                 \
            for (size_t i = start; i < end; i++) {                                                      \
                uint##bits##_t old = d[i], new = old == back ? s[i] : old;                              \
                changed += old != new;                                                                  \
                d[i] = new;                                                                             \
            }                                                                                           \
            total += changed;                                                                           \
        }                                                                                               \
        return total;                                                                                   \
    }                                                                                                   \
    CLONES static int conflicts_##bits(const char *to, const char *from, size_t count, uint##bits##_t back) { \
        const u##bits *d = (const u##bits *)to, *s = (const u##bits *)from;                             \
        for (size_t start = 0; start < count; start += 4096) {                                          \
            size_t end = count - start < 4096 ? count : start + 4096;                                   \
            uint##bits##_t found = 0;                                                                   \
            for (size_t i = start; i < end; i++)                                                        \
                found |= d[i] == back ? 0 : (uint##bits##_t)(d[i] ^ s[i]);                              \
            if (found) return 1;                                                                        \
        }                                                                                               \
        return 0;                                                                                       \
    }                                                                                                   \
    static size_t merge_##bits(const cvk_copy *flat, int mode, uint64_t background) {                   \
        size_t count = flat->row_byte_count / sizeof(u##bits), changed = 0;                             \
        uint##bits##_t back = (uint##bits##_t)background;                                               \
        FOR_EACH_PAIR(flat) {                                                                           \
            char *to = DESTINATION_ROW(flat);                                                           \
            const char *from = SOURCE_ROW(flat);                                                        \
            changed += mode == CVK_OVERWRITE ? overwrite_##bits(to, from, count)                        \
                : mode == CVK_NONZERO ? nonzero_##bits(to, from, count, back)                           \
                                      : preserve_##bits(to, from, count, back);                         \
        }                                                                                               \
        return changed;                                                                                 \
    }                                                                                                   \
    static int conflicting_##bits(const cvk_copy *flat, uint64_t background) {                          \
        size_t count = flat->row_byte_count / sizeof(u##bits);                                          \
        FOR_EACH_PAIR(flat)                                                                             \
            if (conflicts_##bits(DESTINATION_ROW(flat), SOURCE_ROW(flat), count, (uint##bits##_t)background)) \
                return 1;                                                                               \
        return 0;                                                                                       \
    }

DEFINE_MERGE(8, 255)
DEFINE_MERGE(16, 4096)
DEFINE_MERGE(32, 4096)
DEFINE_MERGE(64, 4096)

size_t cvk_merge_box(const cvk_copy *plan, int voxel_byte_count, int mode, uint64_t background) {
    if (plan->row_byte_count == 0 || plan->row_count == 0 || plan->plane_count == 0) return 0;
    cvk_copy flat = cvk_flatten_copy(plan);
    switch (voxel_byte_count) {
    case 1: return merge_8(&flat, mode, background);
    case 2: return merge_16(&flat, mode, background);
    case 4: return merge_32(&flat, mode, background);
    default: return merge_64(&flat, mode, background);
    }
}

int cvk_merge_conflicts(const cvk_copy *plan, int voxel_byte_count, uint64_t background) {
    if (plan->row_byte_count == 0 || plan->row_count == 0 || plan->plane_count == 0) return 0;
    cvk_copy flat = cvk_flatten_copy(plan);
    switch (voxel_byte_count) {
    case 1: return conflicting_8(&flat, background);
    case 2: return conflicting_16(&flat, background);
    case 4: return conflicting_32(&flat, background);
    default: return conflicting_64(&flat, background);
    }
}
