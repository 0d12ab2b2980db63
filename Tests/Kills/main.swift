import Glibc

/// `bossql-kills [--kills N] [--races N] [--seed S] [--program PATH] [--folder PATH]`: kills the real program again and
/// again, and compares what it had acknowledged. Ctrl-C ends it with the report.
exit(KillsRun.run(CommandLine.arguments.dropFirst()))
