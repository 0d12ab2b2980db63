#define _GNU_SOURCE
#include "CPosixShim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int32_t boss_posix_allocate(int32_t descriptor, int64_t byte_count) {
#if defined(__linux__)
    int result;
    do {
        result = fallocate(descriptor, 0, 0, (off_t)byte_count);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
#else
    (void)descriptor;
    (void)byte_count;
    return EOPNOTSUPP;
#endif
}

void boss_posix_start_flush(int32_t descriptor, int64_t offset, int64_t byte_count) {
#if defined(__linux__)
    sync_file_range(descriptor, (off_t)offset, (off_t)byte_count, SYNC_FILE_RANGE_WRITE);
#else
    (void)descriptor;
    (void)offset;
    (void)byte_count;
#endif
}

int32_t boss_posix_rename_no_replace(int32_t directory, const char *from, const char *to) {
    int result;
    do {
#if defined(__linux__)
        result = renameat2(directory, from, directory, to, RENAME_NOREPLACE);
#else
        result = renameatx_np(directory, from, directory, to, RENAME_EXCL);
#endif
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int32_t boss_posix_sync_data(int32_t descriptor) {
    int result;
    do {
#if defined(__linux__)
        result = fdatasync(descriptor);
#else
        result = fcntl(descriptor, F_FULLFSYNC);
#endif
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}
