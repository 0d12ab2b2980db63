#!/bin/sh
# Installs the Debian or Ubuntu packages that BossQL needs and that are not there.
# With all of them installed it does nothing and needs neither network nor sudo.
set -eu

# To build and to test.
needed="libsqlite3-dev libblosc-dev libreadline-dev libpng-dev libtiff-dev zlib1g-dev pkg-config"
# For the tour: a head MRI and its atlas.
for_the_tour="mricron-data"

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Prints those of the arguments that are not installed.
missing_of() {
    missing=""
    for package in "$@"; do
        is_installed "$package" && continue
        # pkgconf takes the place of pkg-config on newer systems.
        [ "$package" = pkg-config ] && is_installed pkgconf && continue
        missing="$missing $package"
    done
    echo "${missing# }"
}

# Root needs no sudo; sudo may ask for a password only where somebody can type it.
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif [ -t 0 ]; then
    as_root="sudo"
else
    as_root="sudo -n"
fi

apt() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
    cat <<TXT
This is no Debian or Ubuntu system; please see to it that these are there, under whatever name:
  $needed
and for \`make run\`: $for_the_tour (or its ch2.nii.gz and aal.nii.gz, see Scripts/tour.sh)
TXT
    exit 0
fi

# Package lists are words of this file, so splitting them is meant.
# shellcheck disable=SC2086
missing=$(missing_of $needed)
# shellcheck disable=SC2086
missing_for_the_tour=$(missing_of $for_the_tour)
if [ -z "$missing$missing_for_the_tour" ]; then
    exit 0
fi

echo "Missing Debian packages: $missing $missing_for_the_tour"
if [ -n "$as_root" ] && ! command -v sudo >/dev/null 2>&1; then
    echo "Neither root nor sudo: please run as root" >&2
    echo "  apt-get update && apt-get install -y $missing $missing_for_the_tour" >&2
    [ -z "$missing" ] && exit 0
    exit 1
fi
echo "Running apt-get update and apt-get install${as_root:+ with sudo}."

if ! apt update; then
    echo "apt-get update failed; trying with the package lists that are here." >&2
fi
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    if ! apt install --no-install-recommends $missing; then
        echo "These packages could not be installed: $missing" >&2
        echo "BossQL cannot be built without them." >&2
        exit 1
    fi
fi
if [ -n "$missing_for_the_tour" ]; then
    # shellcheck disable=SC2086
    if ! apt install --no-install-recommends $missing_for_the_tour; then
        cat >&2 <<TXT
$missing_for_the_tour could not be installed. On Ubuntu it is in the component "universe":
  sudo add-apt-repository universe && sudo apt-get update && sudo apt-get install $missing_for_the_tour
Only the tour of \`make run\` needs it; building and testing go on without it.
TXT
    fi
fi
