// A mapped file that somebody shortens, or a disk error below it, arrives as SIGBUS and would end the
// process. The guard turns it into an error value for the one piece of C code that runs under it.
//
// One handler is installed for the process, at the first guarded access. It jumps back only when this
// thread is under a guard and the address lies in the guarded pages; every other SIGBUS goes to the
// handler that was there before, so that a real crash still gets its report. Only C frames lie between
// the jump and its target: Swift frames must not be jumped over.

#define _GNU_SOURCE
#include "CPosixShim.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// Restoring the signal mask costs a system call and is not needed, but the thread sanitizer calls handlers with all
// signals blocked.
#define SAVES_MASK 0
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef SAVES_MASK
#define SAVES_MASK 1
#endif
#endif

typedef struct fault_guard {
    sigjmp_buf target;
    uintptr_t lower, upper;     // guarded pages, half-open
    struct fault_guard *outer;  // the guard this one lies in, or NULL
} fault_guard;

// Volatile: the store before the body and the one after it have no reader the optimiser can see.
// Initial-exec: the handler must reach it without the loader allocating anything.
static _Thread_local fault_guard *volatile active_guard
#if defined(__linux__)
    __attribute__((tls_model("initial-exec")))
#endif
    ;

static struct sigaction previous_action;
static uintptr_t page_mask;
static int32_t install_error;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;

static void pass_on(int signal_number, siginfo_t *info, void *machine_context) {
    if (previous_action.sa_flags & SA_SIGINFO) {
        previous_action.sa_sigaction(signal_number, info, machine_context);
        return;
    }
    const int was_sent = info->si_code <= 0;  // by kill or raise, not by a fault
    if (previous_action.sa_handler == SIG_IGN && was_sent) {
        return;
    }
    if (previous_action.sa_handler == SIG_DFL || previous_action.sa_handler == SIG_IGN) {
        // On return the faulting instruction runs again and ends the process as it would have before.
        sigaction(SIGBUS, &previous_action, NULL);
        if (was_sent) {
            raise(signal_number);
        }
        return;
    }
    previous_action.sa_handler(signal_number);
}

static void handle_fault(int signal_number, siginfo_t *info, void *machine_context) {
    fault_guard *guard = active_guard;
    const uintptr_t address = (uintptr_t)info->si_addr;
    if (guard != NULL && info->si_code > 0 && address >= guard->lower && address < guard->upper) {
        active_guard = guard->outer;
        siglongjmp(guard->target, 1);
    }
    const int saved = errno;
    pass_on(signal_number, info, machine_context);
    errno = saved;
}

static void install_handler(void) {
    page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handle_fault;
    // No deferral: the jump leaves the handler without restoring the mask, and a blocked SIGBUS kills.
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    // Read first: a fault between installing and storing the old action would find nothing to pass on to.
    if (sigaction(SIGBUS, NULL, &previous_action) != 0 || sigaction(SIGBUS, &action, NULL) != 0) {
        install_error = errno;
    }
}

__attribute__((noinline)) int32_t boss_posix_guarded_call(
    boss_posix_guarded_body body, const void *bytes, ptrdiff_t byte_count, void *context) {
    pthread_once(&install_once, install_handler);
    if (install_error != 0) {
        return install_error;
    }
    fault_guard guard;
    guard.lower = (uintptr_t)bytes & ~page_mask;
    guard.upper = ((uintptr_t)bytes + (uintptr_t)byte_count + page_mask) & ~page_mask;
    guard.outer = active_guard;
    if (sigsetjmp(guard.target, SAVES_MASK) != 0) {
        return EIO;  // the handler has put the outer guard back
    }
    active_guard = &guard;
    __asm__ volatile("" ::: "memory");
    body(bytes, byte_count, context);
    __asm__ volatile("" ::: "memory");
    active_guard = guard.outer;
    return 0;
}

static void copy_body(const void *bytes, ptrdiff_t byte_count, void *context) {
    memcpy(context, bytes, (size_t)byte_count);
}

int32_t boss_posix_guarded_copy(void *destination, const void *source, ptrdiff_t byte_count) {
    return boss_posix_guarded_call(copy_body, source, byte_count, destination);
}
