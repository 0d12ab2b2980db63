#!/usr/bin/env bash
# The rules of the house that swift format does not know. Prints every violation, then fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

violations=0
report() {
    printf '%s\n' "$1" >&2
    violations=$((violations + 1))
}

# Files of the repository, also those that are not committed yet; without git, all but build folders.
repository_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -name '.build*' -prune -o -name .git -prune -o -type f -print | sed 's|^\./||'
    fi
}
files=()
while IFS= read -r file; do
    [[ -f $file ]] && files+=("$file")
done < <(repository_files | LC_ALL=C sort)

check_manifests() {
    local start='/^let package = Package(/,$p'
    if ! cmp -s <(sed -n "$start" Package.swift) <(sed -n "$start" Package@swift-6.2.swift); then
        report "Package.swift and Package@swift-6.2.swift describe different packages:"
        diff <(sed -n "$start" Package.swift) <(sed -n "$start" Package@swift-6.2.swift) >&2 || true
    fi
    [[ $(sed -n "$start" Package.swift | wc -l) -gt 10 ]] || report "Package.swift: no line 'let package = Package('"
}

check_texts() {
    local file lines found
    for file in "${files[@]}"; do
        # Binary files and empty ones have no lines.
        grep -Iq . "$file" || continue
        [[ -z $(tail -c 1 "$file") ]] || report "$file: does not end with a newline"
        if [[ $file != Makefile && $file != *.patch ]]; then
            found=$(grep -n -m 1 $'\t' "$file" || true)
            [[ -z $found ]] || report "$file:${found%%:*}: a tab"
        fi
        [[ $file == Sources/* ]] || continue
        lines=$(wc -l <"$file")
        [[ $lines -le 600 ]] || report "$file: $lines lines, more than 600"
        while IFS= read -r found; do
            report "$file:$found"
        done < <(grep -nE '\b(TODO|FIXME)\b|\btry!|\bfatalError\(' "$file" || true)
    done
}

check_scripts() {
    local file first
    for file in "${files[@]}"; do
        first=$(head -c 64 "$file" | tr -d '\0' | head -n 1)
        case $first in
        '#!/bin/sh'*) sh -n "$file" || report "$file: sh -n fails" ;;
        '#!'*bash*) bash -n "$file" || report "$file: bash -n fails" ;;
        *) continue ;;
        esac
        [[ -x $file ]] || report "$file: a script that cannot be executed"
    done
}

# What every module may import, beside itself; imports point downwards only.
allowed_imports() {
    local system="Glibc Darwin Synchronization FoundationEssentials Dispatch"
    case $1 in
    BossGeometry) echo "" ;;
    BossVoxels) echo "BossGeometry CVoxelKernels $system" ;;
    BossCodec) echo "BossGeometry BossVoxels CBlosc CChecksum $system" ;;
    BossFormats) echo "BossGeometry BossVoxels CPNG CTIFF CZlib $system" ;;
    BossMeshes) echo "BossGeometry $system" ;;
    BossStorage) echo "BossGeometry BossVoxels BossCodec CPosixShim $system" ;;
    BossCatalog) echo "BossGeometry BossVoxels GRDB $system Foundation" ;;
    BossDatabase) echo "BossGeometry BossVoxels BossCodec BossFormats BossMeshes BossStorage BossCatalog $system Foundation" ;;
    BossQuery) echo "BossGeometry BossVoxels BossFormats BossMeshes BossCatalog BossDatabase GRDB $system Foundation" ;;
    BossQL) echo "BossGeometry BossVoxels BossMeshes BossCatalog BossDatabase BossQuery" ;;
    bossql)
        echo "BossQL BossGeometry BossVoxels BossFormats BossDatabase BossQuery CReadline ArgumentParser $system Foundation"
        ;;
    *) return 1 ;;
    esac
}

check_imports() {
    local file module allowed place imported
    local pattern='^[[:space:]]*(@[A-Za-z_]+[[:space:]]+)*((public|package|internal|fileprivate|private)[[:space:]]+)?'
    pattern+='import[[:space:]]+((struct|class|enum|protocol|typealias|func|let|var)[[:space:]]+)?'
    for file in "${files[@]}"; do
        [[ $file == Sources/*.swift ]] || continue
        module=${file#Sources/}
        module=${module%%/*}
        if ! allowed=$(allowed_imports "$module"); then
            report "$file: the module $module is not in the table of imports of Scripts/lint.sh"
            continue
        fi
        # Compiled for `make defects` only, where it reads the environment.
        if [[ ${file##*/} == SeededDefect.swift ]]; then allowed+=" FoundationEssentials Foundation"; fi
        while IFS=: read -r place imported; do
            imported=$(sed -E "s/$pattern//; s/[^A-Za-z0-9_].*//" <<<"$imported")
            [[ " $allowed " == *" $imported "* ]] || report "$file:$place: $module may not import $imported"
        done < <(grep -nE "$pattern[A-Za-z_]" "$file" || true)
    done
}

check_links() {
    local file line target
    for file in "${files[@]}"; do
        [[ $file == *.md ]] || continue
        while IFS=: read -r line target; do
            target=${target#](}
            target=${target%%[)#]*}
            case $target in '' | *://* | mailto:*) continue ;; esac
            [[ -e $(dirname "$file")/$target ]] || report "$file:$line: the link $target leads nowhere"
        done < <(grep -noE '\]\([^) ]+\)' "$file" || true)
    done
}

for check in check_manifests check_texts check_scripts check_imports check_links; do "$check"; done
if [[ $violations -gt 0 ]]; then
    echo "lint: $violations violations" >&2
    exit 1
fi
echo "lint: ${#files[@]} files, nothing found"
