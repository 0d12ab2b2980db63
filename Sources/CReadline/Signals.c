#define _GNU_SOURCE
#include "Signals.h"
#include "include/CReadline.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

// A signal may be delivered to any thread, so neither reader can rely on EINTR: the handler writes
// the signal's number into one pipe for the watching thread and, at the prompt, into one for the editor.
static int watch_pipe[2] = {-1, -1};
static int prompt_pipe[2] = {-1, -1};
static volatile sig_atomic_t at_prompt = 0;
static boss_on_signal callback = NULL;
static struct termios saved_modes;
static bool has_saved_modes = false;

static void handle(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe already holds the news.
  if (at_prompt && (number == SIGINT || number == SIGTSTP)) {
    (void)!write(prompt_pipe[1], &byte, 1);
  } else {
    (void)!write(watch_pipe[1], &byte, 1);
  }
  errno = saved;
}

static void *watch(void *unused) {
  (void)unused;
  unsigned char byte;
  for (;;) {
    ssize_t count = read(watch_pipe[0], &byte, 1);
    if (count == 1) {
      callback(byte);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else {
      return NULL;
    }
  }
}

static int make_pipe(int ends[2], bool reader_blocks) {
  if (pipe(ends) != 0) return errno;
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  if (!reader_blocks) fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return 0;
}

static void install(int number, void (*handler)(int)) {
  struct sigaction action = {0};
  action.sa_handler = handler;
  // Restarted system calls keep the engine's reads and writes whole.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

/// Keeps an ignored signal ignored, as `nohup` and `trap '' INT` ask.
static void install_unless_ignored(int number) {
  struct sigaction old;
  if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN) return;
  install(number, handle);
}

/// Daemons start programs with closed streams, whose numbers the next files would get: what is printed would go into
/// them. Nothing can be read from the one that takes a number here, and nothing written.
static void hold_closed_streams(void) {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
    if (fcntl(number, F_GETFD) < 0) open("/dev/null", O_RDONLY);
  }
}

int boss_signals_install(boss_on_signal on_signal) {
  hold_closed_streams();
  callback = on_signal;
  has_saved_modes = tcgetattr(STDIN_FILENO, &saved_modes) == 0;
  int error = make_pipe(watch_pipe, true);
  if (error == 0) error = make_pipe(prompt_pipe, false);
  if (error != 0) return error;

  // The watching thread takes no signals itself.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  error = pthread_create(&thread, NULL, watch, NULL);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (error != 0) return error;
  pthread_detach(thread);

  install(SIGPIPE, SIG_IGN);
  // A file that may not grow any more is an error of the write.
  install(SIGXFSZ, SIG_IGN);
  install_unless_ignored(SIGINT);
  install_unless_ignored(SIGTERM);
  install_unless_ignored(SIGHUP);
  return 0;
}

int boss_signals_prompt_descriptor(void) { return prompt_pipe[0]; }

int boss_signals_take_prompt_signal(void) {
  unsigned char byte;
  return read(prompt_pipe[0], &byte, 1) == 1 ? byte : 0;
}

void boss_signals_enter_prompt(void) {
  at_prompt = 1;
  struct sigaction old;
  if (sigaction(SIGTSTP, NULL, &old) == 0 && old.sa_handler != SIG_IGN) install(SIGTSTP, handle);
}

void boss_signals_leave_prompt(void) {
  at_prompt = 0;
  struct sigaction old;
  if (sigaction(SIGTSTP, NULL, &old) == 0 && old.sa_handler == handle) install(SIGTSTP, SIG_DFL);
  while (boss_signals_take_prompt_signal() != 0) {
  }
}

void boss_signals_stop(void) {
  install(SIGTSTP, SIG_DFL);
  raise(SIGTSTP);
  // Continued by `fg`.
  install(SIGTSTP, handle);
}

_Noreturn void boss_signals_exit(int status) {
  if (has_saved_modes) tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
  _exit(status);
}
