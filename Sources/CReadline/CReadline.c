#define _GNU_SOURCE
#include "include/CReadline.h"
#include "Signals.h"

// readline.h uses FILE without declaring it.
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static boss_complete completer = NULL;
static char **candidates = NULL;
static size_t candidate_count = 0;
static size_t candidate_capacity = 0;
static bool was_interrupted = false;

// MARK: Reading

/// Ctrl-Z at the prompt: readline has the terminal, so it must be given back and taken again.
static void suspend(void) {
  (*rl_deprep_term_function)();
  boss_signals_stop();
  (*rl_prep_term_function)(1);
  rl_forced_update_display();
}

/// readline's character source. Ctrl-C becomes an empty line: the caller asks `was_interrupted`.
static int get_character(FILE *stream) {
  struct pollfd sources[2] = {
      {.fd = fileno(stream), .events = POLLIN},
      {.fd = boss_signals_prompt_descriptor(), .events = POLLIN},
  };
  for (;;) {
    if (was_interrupted) return '\n';
    int ready = poll(sources, 2, -1);
    if (ready < 0) {
      if (errno != EINTR) return EOF;
      rl_check_signals();
      continue;
    }
    if (sources[1].revents & POLLIN) {
      int number = boss_signals_take_prompt_signal();
      if (number == SIGINT) {
        rl_echo_signal_char(SIGINT);
        rl_replace_line("", 0);
        was_interrupted = true;
        return '\n';
      }
      if (number == SIGTSTP) suspend();
      continue;
    }
    if (sources[0].revents != 0) {
      unsigned char byte;
      ssize_t count = read(sources[0].fd, &byte, 1);
      if (count == 1) return byte;
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      return EOF;
    }
  }
}

char *boss_readline_read(const char *prompt) {
  was_interrupted = false;
  boss_signals_enter_prompt();
  char *line = readline(prompt);
  boss_signals_leave_prompt();
  return line;
}

bool boss_readline_take_interrupt(void) {
  bool result = was_interrupted;
  was_interrupted = false;
  return result;
}

// MARK: Completion

void boss_readline_add_candidate(const char *text) {
  if (candidate_count == candidate_capacity) {
    size_t capacity = candidate_capacity == 0 ? 64 : candidate_capacity * 2;
    char **larger = realloc(candidates, capacity * sizeof(char *));
    if (larger == NULL) return;
    candidates = larger;
    candidate_capacity = capacity;
  }
  char *copy = strdup(text);
  if (copy != NULL) candidates[candidate_count++] = copy;
}

/// Hands the candidates over one by one; readline frees each.
static char *next_candidate(const char *text, int state) {
  static size_t index = 0;
  (void)text;
  if (state == 0) index = 0;
  return index < candidate_count ? candidates[index++] : NULL;
}

static char **attempt_completion(const char *word, int start, int end) {
  (void)end;
  rl_attempted_completion_over = 1;
  candidate_count = 0;
  if (completer != NULL) completer(rl_line_buffer, start, word, (char)rl_completion_quote_character);
  if (candidate_count == 0) return NULL;
  bool is_folder = true;
  for (size_t i = 0; i < candidate_count; i++) {
    size_t length = strlen(candidates[i]);
    is_folder = is_folder && length > 0 && candidates[i][length - 1] == '/';
  }
  char **matches = rl_completion_matches(word, next_candidate);
  candidate_count = 0;
  // A folder or a collection is only the beginning of a name.
  if (is_folder) {
    rl_completion_suppress_append = 1;
    rl_completion_suppress_quote = 1;
  }
  return matches;
}

void boss_readline_initialize(const char *name, boss_complete complete) {
  setlocale(LC_CTYPE, "");
  // readline keeps the pointer.
  rl_readline_name = strdup(name);
  rl_catch_signals = 0;
  rl_getc_function = get_character;
  if (!isatty(STDOUT_FILENO)) rl_outstream = stderr;
  completer = complete;
  rl_attempted_completion_function = attempt_completion;
  rl_completer_word_break_characters = " \t\n\"'(),;=<>";
  rl_completer_quote_characters = "'";
  rl_basic_quote_characters = "'";
  // Entries of several lines come back whole only when the file has times.
  history_comment_char = '#';
  history_write_timestamps = 1;
  using_history();
}

// MARK: History

int boss_history_load(const char *path) {
  int error = read_history(path);
  return error == ENOENT ? 0 : error;
}

bool boss_history_add(const char *entry) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (last != NULL && strcmp(last->line, entry) == 0) return false;
  add_history(entry);
  return true;
}

int boss_history_append_last(const char *path) {
  // Statements may name people and places: the file is the user's alone.
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return errno;
  close(descriptor);
  return append_history(1, path);
}

int boss_history_truncate(const char *path, int count) { return history_truncate_file(path, count); }

int boss_history_count(void) { return history_length; }

const char *boss_history_entry(int index) {
  HIST_ENTRY *entry = index >= 0 ? history_get(history_base + index) : NULL;
  return entry == NULL ? NULL : entry->line;
}
