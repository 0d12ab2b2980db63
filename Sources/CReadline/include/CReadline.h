// GNU readline 8 and the terminal's signals, behind plain functions.
//
// readline's state is mutable C globals, which Swift 6 does not let code touch; and its own SIGINT
// handling ends the process. Everything here is called from the main thread unless it says otherwise.
#ifndef BOSS_CREADLINE_H
#define BOSS_CREADLINE_H

#include <stdbool.h>

/// Fills in candidates with `boss_readline_add_candidate`.
///
/// `line` is the whole edited line, `start` the byte where the word begins, `word` the text to
/// complete and `quote` the quote character the word stands in, or 0.
typedef void (*boss_complete)(const char *line, int start, const char *word, char quote);

/// Sets the locale, the program name for `$if` in inputrc files, and completion. Call once.
void boss_readline_initialize(const char *name, boss_complete complete);

/// Reads a line with editing. The caller frees it. NULL at the end of input.
///
/// Ctrl-C returns an empty line; `boss_readline_take_interrupt` then says true.
char *boss_readline_read(const char *prompt);

/// Whether Ctrl-C ended the last read; forgets it.
bool boss_readline_take_interrupt(void);

/// Adds a candidate during a completion callback; the text is copied.
void boss_readline_add_candidate(const char *text);

/// Loads a history file; a missing file is an empty history. Returns an errno.
int boss_history_load(const char *path);
/// Adds an entry, which may have several lines; an entry equal to the last one is not added twice.
/// Returns whether it was added.
bool boss_history_add(const char *entry);
/// Appends the newest entry to the file, with its time. Returns an errno.
int boss_history_append_last(const char *path);
/// Keeps the newest `count` entries of the file. Returns an errno.
int boss_history_truncate(const char *path, int count);
/// The number of entries.
int boss_history_count(void);
/// Entry `index` from 0, oldest first, or NULL; valid until the history changes.
const char *boss_history_entry(int index);

/// Called on a thread of its own for SIGINT, SIGTERM and SIGHUP, never inside a signal handler.
typedef void (*boss_on_signal)(int signal_number);

/// Remembers the terminal's modes, installs the handlers, ignores SIGPIPE and SIGXFSZ, and keeps the numbers of closed
/// standard streams from other files. Call once, before any file is opened. Returns an errno.
int boss_signals_install(boss_on_signal on_signal);
/// Gives the terminal back its modes and ends the process without running exit handlers. Any thread.
_Noreturn void boss_signals_exit(int status);

#endif
