#ifndef CPOSIXSHIM_H
#define CPOSIXSHIM_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// System calls that Swift's Glibc module does not have, and access to file mappings under a guard.
// All functions return 0 or an errno value, and retry EINTR.

/// Allocates blocks for the first bytes of a file; a shorter file grows to that length.
/// EOPNOTSUPP where the file system cannot.
int32_t boss_posix_allocate(int32_t descriptor, int64_t byte_count);

/// Starts writing dirty pages of a part of a file to the disk without waiting. A hint: it makes nothing durable.
void boss_posix_start_flush(int32_t descriptor, int64_t offset, int64_t byte_count);

/// Renames within a directory tree; EEXIST when the new name is taken, EINVAL or ENOSYS where the file
/// system or the kernel cannot do that in one step.
int32_t boss_posix_rename_no_replace(int32_t directory, const char *from, const char *to);

/// Makes a file's content and length durable.
int32_t boss_posix_sync_data(int32_t descriptor);

/// What runs over mapped bytes: takes no lock, allocates nothing, since a fault leaves it at once.
typedef void (*boss_posix_guarded_body)(const void *bytes, ptrdiff_t byte_count, void *context);

/// Runs `body` over mapped bytes; EIO when the bytes cannot be had (SIGBUS).
int32_t boss_posix_guarded_call(
    boss_posix_guarded_body body, const void *bytes, ptrdiff_t byte_count, void *context);

/// Copies mapped bytes; EIO when they cannot be had (SIGBUS).
int32_t boss_posix_guarded_copy(void *destination, const void *source, ptrdiff_t byte_count);

#pragma clang assume_nonnull end

#endif
