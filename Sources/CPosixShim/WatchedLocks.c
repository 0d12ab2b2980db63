// A lock of Swift's module Synchronization on which somebody waits is handed over by the kernel, which the thread
// sanitizer does not see: it would report everything behind the lock as a race. Under the sanitizer these functions take
// the place of those that ask the kernel. A waiter tries until the lock is free, by the same atomic operation as one
// that need not wait.
//
// The lock is a word with the number of the thread that holds it, 0 while it is free (`_MutexHandle` of the Swift
// project, stdlib/public/Synchronization/Mutex/LinuxImpl.swift).
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__linux__)

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT_METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

SWIFT_METHOD void boss_lock_slow(uint32_t thread, SELF _Atomic(uint32_t) *lock) __asm__(
    "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT_METHOD bool boss_try_lock_slow(SELF _Atomic(uint32_t) *lock) __asm__(
    "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF");
SWIFT_METHOD void boss_unlock_slow(SELF _Atomic(uint32_t) *lock) __asm__(
    "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT_METHOD void boss_lock_slow(uint32_t thread, SELF _Atomic(uint32_t) *lock) {
  while (true) {
    uint32_t expected = 0;
    if (atomic_compare_exchange_weak_explicit(lock, &expected, thread, memory_order_acquire, memory_order_relaxed))
      return;
    sched_yield();
  }
}

// Only asked when somebody holds it.
SWIFT_METHOD bool boss_try_lock_slow(SELF _Atomic(uint32_t) *lock) {
  (void)lock;
  return false;
}

SWIFT_METHOD void boss_unlock_slow(SELF _Atomic(uint32_t) *lock) {
  atomic_store_explicit(lock, 0, memory_order_release);
}

#endif
#endif
