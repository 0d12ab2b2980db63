// What the line editor needs of the signal handlers.
#ifndef BOSS_SIGNALS_H
#define BOSS_SIGNALS_H

/// Readable when a signal waits for the prompt; -1 before the handlers are installed.
int boss_signals_prompt_descriptor(void);
/// The next signal for the prompt, or 0.
int boss_signals_take_prompt_signal(void);
/// From here SIGINT and SIGTSTP go to the prompt.
void boss_signals_enter_prompt(void);
/// From here they do not; forgets those that wait.
void boss_signals_leave_prompt(void);
/// Stops the process as Ctrl-Z does and returns when it is continued.
void boss_signals_stop(void);

#endif
