#!/bin/sh
# Checks that there is a Swift toolchain and that it is new enough. Says nothing when all is well.
set -eu

swift=${SWIFT:-swift}
needed_major=6
needed_minor=1

advise() {
    cat >&2 <<TXT
BossQL needs Swift $needed_major.$needed_minor or later.
  Get it from https://www.swift.org/install/ , on Linux most easily with swiftly:
    https://www.swift.org/install/linux/
  then open a new terminal, or put the folder of \`swift\` into PATH, and try again.
TXT
    exit 1
}

if ! command -v "$swift" >/dev/null 2>&1; then
    echo "There is no \`$swift\` on this machine." >&2
    advise
fi
if ! text=$("$swift" --version 2>&1); then
    printf '`%s --version` failed:\n%s\n' "$swift" "$text" >&2
    advise
fi
# "Swift version 6.3.1 (...)", on a Mac "Apple Swift version 6.1 (...)".
version=$(printf '%s\n' "$text" | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
if [ -z "$version" ]; then
    printf 'The version of Swift cannot be read from:\n%s\n' "$text" >&2
    advise
fi
major=${version%%.*}
minor=${version#*.}
if [ "$major" -lt "$needed_major" ] || { [ "$major" -eq "$needed_major" ] && [ "$minor" -lt "$needed_minor" ]; }; then
    echo "This is Swift $version ($(command -v "$swift"))." >&2
    advise
fi
