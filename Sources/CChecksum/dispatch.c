// Chooses the kernel for this processor, once.

#include "CChecksum.h"
#include "kernels.h"
#include <stdatomic.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

struct kernel {
    const char *name;
    boss_crc_kernel run;
};

enum { kernel_limit = 3 };

/// Fills `found` with the kernels that run here, fastest first, and returns their number.
static long find_kernels(struct kernel found[kernel_limit]) {
    long count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("vpclmulqdq")) {
            found[count++] = (struct kernel){"avx512-vpclmulqdq", boss_crc_avx512};
        }
        found[count++] = (struct kernel){"sse4.2", boss_crc_sse42};
    }
#elif defined(__aarch64__) && defined(__linux__)
    // Bit 7 of the hardware capabilities is CRC32.
    if (getauxval(AT_HWCAP) & 1UL << 7) {
        found[count++] = (struct kernel){"armv8-crc", boss_crc_armv8};
    }
#elif defined(__aarch64__) && defined(__APPLE__)
    found[count++] = (struct kernel){"armv8-crc", boss_crc_armv8};
#endif
    found[count++] = (struct kernel){"tables", boss_crc_tables};
    return count;
}

/// The fastest kernel, or null before the first call. Threads that race store the same value.
static _Atomic(boss_crc_kernel) fastest;

static boss_crc_kernel resolve(void) {
    struct kernel found[kernel_limit];
    find_kernels(found);
    atomic_store_explicit(&fastest, found[0].run, memory_order_relaxed);
    return found[0].run;
}

uint32_t boss_crc32c(uint32_t seed, const void *bytes, size_t count) {
    boss_crc_kernel run = atomic_load_explicit(&fastest, memory_order_relaxed);
    if (!run) {
        run = resolve();
    }
    return count == 0 ? seed : ~run(~seed, bytes, count);
}

uint32_t boss_crc32c_portable(uint32_t seed, const void *bytes, size_t count) {
    return count == 0 ? seed : ~boss_crc_tables(~seed, bytes, count);
}

long boss_crc32c_kernel_count(void) {
    struct kernel found[kernel_limit];
    return find_kernels(found);
}

const char *boss_crc32c_kernel_name(long index) {
    struct kernel found[kernel_limit];
    return index >= 0 && index < find_kernels(found) ? found[index].name : "";
}

uint32_t boss_crc32c_with_kernel(long index, uint32_t seed, const void *bytes, size_t count) {
    struct kernel found[kernel_limit];
    if (count == 0 || index < 0 || index >= find_kernels(found)) {
        return seed;
    }
    return ~found[index].run(~seed, bytes, count);
}
