// Compresses the bricks (64 x 64 x 16) of real volumes with Blosc settings and prints, a row each: ratio, share of the
// bricks that save at least a fifth, and speed in GB/s of voxels. One thread, warm, best of several passes.
//
//     CodecTrial DATA_FOLDER [PASSES]

#include <blosc.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { brick_x = 64, brick_y = 64, brick_z = 16, brick_voxels = brick_x * brick_y * brick_z, brick_limit = 160 };

struct volume {
    const char *name;
    size_t x, y, z, width;
    uint8_t *bytes;
};

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

static void *obtain(size_t count) {
    void *memory = malloc(count);
    if (!memory) {
        fail("out of memory", "stopped");
    }
    return memory;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// Reads a gzipped npy or NIfTI file, whose voxels already are in C-order.
static struct volume load(const char *folder, const char *file, const char *name, size_t x, size_t y, size_t z,
                          size_t width) {
    char command[4096];
    if (snprintf(command, sizeof command, "gzip -dc '%s/%s'", folder, file) >= (int)sizeof command) {
        fail("path too long", file);
    }
    struct volume volume = {name, x, y, z, width, obtain(x * y * z * width)};
    FILE *pipe = popen(command, "r");
    uint8_t header[352];
    if (!pipe || fread(header, 1, 10, pipe) != 10) {
        fail("cannot read", file);
    }
    size_t rest = memcmp(header, "\x93NUMPY", 6) == 0 ? (size_t)(header[8] | header[9] << 8) : 342;
    for (; rest > 0; rest--) {
        fgetc(pipe);
    }
    if (fread(volume.bytes, width, x * y * z, pipe) != x * y * z) {
        fail("file ends early", file);
    }
    pclose(pipe);
    return volume;
}

/// The same labels with eight bytes each.
static struct volume widened(struct volume narrow, const char *name) {
    size_t count = narrow.x * narrow.y * narrow.z;
    struct volume wide = {name, narrow.x, narrow.y, narrow.z, 8, obtain(count * 8)};
    for (size_t i = 0; i < count; i++) {
        ((uint64_t *)wide.bytes)[i] = ((uint32_t *)narrow.bytes)[i];
    }
    return wide;
}

/// A smooth field with noise of about one part in a thousand, as 12-bit integers or as floats.
static struct volume smooth(const char *name, size_t width) {
    struct volume volume = {name, 256, 256, 64, width, obtain(256 * 256 * 64 * width)};
    uint64_t random = 1;
    size_t i = 0;
    for (size_t z = 0; z < volume.z; z++) {
        for (size_t y = 0; y < volume.y; y++) {
            for (size_t x = 0; x < volume.x; x++, i++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                double noise = (double)(random >> 40) / (1 << 24) * 8 - 4;
                double value = 2000 + 900 * sin((double)x / 31) * cos((double)y / 47) + 600 * sin((double)z / 19) + noise;
                if (width == 2) {
                    ((uint16_t *)volume.bytes)[i] = (uint16_t)value;
                } else {
                    ((float *)volume.bytes)[i] = (float)value;
                }
            }
        }
    }
    return volume;
}

/// Copies up to `brick_limit` whole bricks, spread over the volume, one after another.
static size_t cut(struct volume volume, uint8_t *bricks) {
    size_t nx = volume.x / brick_x, ny = volume.y / brick_y, nz = volume.z / brick_z, all = nx * ny * nz;
    size_t step = (all + brick_limit - 1) / brick_limit, count = 0;
    for (size_t number = 0; number < all; number += step, count++) {
        size_t x = number % nx * brick_x, y = number / nx % ny * brick_y, z = number / nx / ny * brick_z;
        for (size_t row = 0; row < brick_y * brick_z; row++) {
            size_t from = ((z + row / brick_y) * volume.y + y + row % brick_y) * volume.x + x;
            memcpy(bricks + (count * brick_voxels + row * brick_x) * volume.width, volume.bytes + from * volume.width,
                   brick_x * volume.width);
        }
    }
    return count;
}

struct setting {
    const char *compressor;
    int level, shuffle, whole_block;
    size_t typesize;
};

static void measure(struct volume volume, const uint8_t *bricks, size_t count, struct setting setting, int passes) {
    size_t size = brick_voxels * volume.width, room = size + BLOSC_MAX_OVERHEAD;
    uint8_t *frames = obtain(count * room), *back = obtain(size);
    size_t *lengths = obtain(count * sizeof *lengths);
    double encode = 1e9, decode = 1e9;
    size_t total = 0, kept = 0;
    for (int pass = 0; pass < passes; pass++) {
        total = kept = 0;
        double start = seconds();
        for (size_t i = 0; i < count; i++) {
            int made = blosc_compress_ctx(setting.level, setting.shuffle, setting.typesize, size, bricks + i * size,
                                          frames + i * room, room, setting.compressor,
                                          setting.whole_block ? size : 0, 1);
            lengths[i] = made > 0 ? (size_t)made : 0;
            total += lengths[i];
            kept += made > 0 && (size_t)made * 5 <= size * 4;
        }
        encode = fmin(encode, seconds() - start);
        start = seconds();
        for (size_t i = 0; i < count; i++) {
            if (blosc_decompress_ctx(frames + i * room, back, size, 1) != (int)size) {
                fail("round trip", volume.name);
            }
        }
        decode = fmin(decode, seconds() - start);
    }
    double bytes = (double)(count * size);
    static const char *const shuffles[] = {"no", "byte", "bit"};
    printf("| %s | %s %d | %s | %zu | %s | %.2f | %.0f %% | %.2f | %.2f |\n", volume.name, setting.compressor,
           setting.level, shuffles[setting.shuffle], setting.typesize, setting.whole_block ? "brick" : "auto",
           bytes / (double)total, 100.0 * (double)kept / (double)count, bytes / encode * 1e-9, bytes / decode * 1e-9);
    fflush(stdout);
    free(frames);
    free(back);
    free(lengths);
}

static void trial(struct volume volume, int passes) {
    uint8_t *bricks = obtain((size_t)brick_limit * brick_voxels * volume.width);
    size_t count = cut(volume, bricks);
    for (int whole = 0; whole <= 1; whole++) {
        for (int shuffle = 0; shuffle <= (volume.width > 1 ? 2 : 0); shuffle++) {
            for (size_t typesize = shuffle ? volume.width : 1; typesize <= volume.width; typesize *= volume.width) {
                static const int lz4_levels[] = {1, 5, 9}, zstd_levels[] = {1, 3, 5};
                for (int i = 0; i < 3; i++) {
                    struct setting lz4 = {"lz4", lz4_levels[i], shuffle, whole, typesize};
                    struct setting zstd = {"zstd", zstd_levels[i], shuffle, whole, typesize};
                    measure(volume, bricks, count, lz4, passes);
                    measure(volume, bricks, count, zstd, passes);
                }
                if (volume.width == 1) {
                    break;
                }
            }
        }
    }
    free(bricks);
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fail("usage", "CodecTrial DATA_FOLDER [PASSES]");
    }
    int passes = argc == 3 ? atoi(argv[2]) : 3;
    printf("| data | codec | shuffle | typesize | block | ratio | bricks kept | encode | decode |\n");
    printf("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    trial(load(argv[1], "em_fib25_train2.npy.gz", "EM fib25 u8", 250, 250, 250, 1), passes);
    trial(load(argv[1], "em_vnc_stack1.npy.gz", "EM vnc u8", 1024, 1024, 20, 1), passes);
    trial(load(argv[1], "ch2.nii.gz", "MRI u8", 181, 217, 181, 1), passes);
    trial(smooth("smooth u16", 2), passes);
    trial(smooth("smooth f32", 4), passes);
    struct volume labels = load(argv[1], "seg_pinky40_512.npy.gz", "labels u32", 512, 512, 512, 4);
    trial(labels, passes);
    trial(widened(labels, "labels u64"), passes);
    return 0;
}
