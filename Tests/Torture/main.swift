import BossSimulator

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `bossql-torture [--seconds N] [--runs N] [--seed S] [--threads N]`: random work on simulated machines with
/// crashes and failures, one seed after the other, until the time is over or a promise is broken.
do {
    let options = try TortureOptions(CommandLine.arguments.dropFirst())
    exit(options.operations.map { Torture.repeated(options.seed, $0) } ?? Torture(options).run())
} catch {
    print(error)
    exit(2)
}
