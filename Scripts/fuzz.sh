#!/usr/bin/env bash
# Builds the fuzz targets and runs each on its corpus: docs/TESTING.md, "Fuzzing".
#   Scripts/fuzz.sh                    every target for FUZZ_SECONDS (10); 0 only replays the corpora
#   Scripts/fuzz.sh --minimise         merges new finds into Fuzzing/Corpus
#   Scripts/fuzz.sh --seed-corpus      adds what the real encoders write to the finds, then as --minimise
#   Scripts/fuzz.sh --replay FILE      one input, with its stack
# TARGET="page log" takes some targets only. SWIFT is the compiler's driver.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${FUZZ_SECONDS:-10}
swift=${SWIFT:-swift}
scratch=$PWD/.build-fuzz
package=$scratch/package
all="page segment manifest log status codec roundtrip label database formats mesh query"
read -ra targets <<<"${TARGET:-$all}"
# A corpus in the tree holds at most this many seeds and bytes.
seed_limit=200
byte_limit=200000
# What one input may take: bytes in one allocation, memory in all, seconds.
limits=(-malloc_limit_mb=64 -rss_limit_mb=1024 -timeout=10 -detect_leaks=0)

# Swift's crash reporter hangs under the address sanitizer.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

fail() {
    printf 'fuzz: %s\n' "$1" >&2
    exit 1
}

for target in "${targets[@]}"; do
    [[ " $all " == *" $target "* ]] || fail "no target $target; there are: $all"
done

program_of() { if [[ $1 == query ]]; then echo fuzz-query; else echo fuzz-storage; fi; }
length_of() { if [[ $1 == query ]]; then echo 1024; else echo 8192; fi; }

# A package of its own, with the same sources: the fuzz programs never reach users of the library. Optimised, but
# with assertions and the checks of unsafe buffers; -sanitize once more, since the compiler heeds the last one only.
build() {
    local name product
    mkdir -p "$package"
    for name in Sources Tests Fuzzing; do ln -sfn "../../$name" "$package/$name"; done
    cat Package.swift Fuzzing/Package.appendix >"$package/Package.swift.new"
    cmp -s "$package/Package.swift.new" "$package/Package.swift" || cp "$package/Package.swift.new" "$package/Package.swift"
    rm "$package/Package.swift.new"
    for product in $(for target in "${targets[@]}"; do program_of "$target"; done | sort -u); do
        if ! $swift build --package-path "$package" -c release --product "$product" \
            --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address \
            -Xswiftc -enable-testing -Xswiftc -assert-config -Xswiftc Debug >"$scratch/build.log" 2>&1; then
            grep -E 'error' "$scratch/build.log" | sort -u >&2 || tail -n 20 "$scratch/build.log" >&2
            fail "the build of $product failed: $scratch/build.log"
        fi
    done
    programs=$(cd "$package/.build/release" && pwd)
}

# The seeds of the tree: one base64 line an input, # begins a comment.
unpack() {
    local target=$1 folder=$2 number=0 line
    mkdir -p "$folder"
    while IFS= read -r line; do
        case $line in '' | '#'*) continue ;; esac
        number=$((number + 1))
        base64 -d <<<"$line" >"$folder/$(printf 'tree-%04d' "$number")"
    done < <(cat Fuzzing/Corpus/"$target"/*.txt 2>/dev/null)
}

run_program() {
    local target=$1 limit=$2
    shift 2
    BOSSQL_FUZZ_TARGET=$target timeout -k 5 "$limit" nice -n 10 "$programs/$(program_of "$target")" "$@"
}

statistic() { sed -n "s/^stat::$2: *//p" "$1" | tail -n 1; }

run_target() {
    local target=$1 work=$scratch/run/$1 log=$scratch/run/$1.log status=0
    rm -rf "$scratch/tree/$target"
    unpack "$target" "$scratch/tree/$target"
    mkdir -p "$work" "$scratch/crashes/$target"
    local options=("${limits[@]}" -print_final_stats=1 "-artifact_prefix=$scratch/crashes/$target/"
        "-max_len=$(length_of "$target")" "-max_total_time=$seconds")
    if [[ $seconds == 0 ]]; then options+=(-runs=0); fi
    if [[ $target == query ]]; then
        sed -n 's/^\([A-Z][A-Z]*\) .*/"\1"/p' Grammar/keywords.txt >"$scratch/query.dict"
        options+=("-dict=$scratch/query.dict")
    fi
    run_program "$target" $((seconds + 120)) "$work" "$scratch/tree/$target" "${options[@]}" >"$log" 2>&1 || status=$?
    printf '%-10s %12s %9s %7s %6s %7s MiB %8s\n' "$target" "$(statistic "$log" number_of_executed_units)" \
        "$(statistic "$log" average_exec_per_sec)" "$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -c6-)" \
        "$(grep -oE 'corp: [0-9]+' "$log" | tail -n 1 | cut -c7-)" "$(statistic "$log" peak_rss_mb)" \
        "$([[ $status == 0 ]] && echo 0 || echo CRASH)"
    [[ $status == 0 ]] && return 0
    crashes=$((crashes + 1))
    {
        grep -aE 'fuzz target|Fatal error|ERROR:|SUMMARY' "$log" || tail -n 3 "$log"
        grep -aoE 'Test unit written to .*' "$log" | sed 's/.* to /replay: Scripts\/fuzz.sh --replay /'
    } | sed 's/^/    /' >&2
}

run_all() {
    crashes=0
    printf '%-10s %12s %9s %7s %6s %11s %8s\n' target executions per-s edges corpus peak-RSS crashes
    for target in "${targets[@]}"; do run_target "$target"; done
    [[ $crashes == 0 ]] || fail "$crashes targets crashed"
}

# Writes a small set of inputs with the same coverage back into the tree: what the encoders wrote first, then what
# the tree has, then the other finds, each shortest first, up to the limits.
minimise() {
    local target=$1 out=$scratch/merged/$1 file text=Fuzzing/Corpus/$1/seeds.txt seeds=0 bytes=0 size
    rm -rf "$out" "$scratch/tree/$target"
    unpack "$target" "$scratch/tree/$target"
    mkdir -p "$out" "$scratch/run/$target" "$scratch/seeds/$target" "Fuzzing/Corpus/$target"
    run_program "$target" 600 -set_cover_merge=1 "$out" "$scratch/seeds/$target" "$scratch/tree/$target" \
        "$scratch/run/$target" "${limits[@]}" "-max_len=$(length_of "$target")" >"$scratch/merge.log" 2>&1 ||
        fail "the corpus of $target cannot be merged: $scratch/merge.log"
    : >"$text.new"
    while read -r _ size file; do
        bytes=$((bytes + (size + 2) / 3 * 4 + 1))
        seeds=$((seeds + 1))
        [[ $seeds -le $seed_limit && $bytes -le $byte_limit ]] || break
        base64 -w 0 "$file" >>"$text.new"
        echo >>"$text.new"
    done < <(ranked "$target" "$out" | sort -n -k 1,1 -k 2,2 -k 3,3)
    mv "$text.new" "$text"
    printf '%-10s %4d seeds of %d, %6d bytes of text\n' "$target" "$(wc -l <"$text")" "$(find "$out" -type f | wc -l)" \
        "$(wc -c <"$text")"
}

# Rank, size and path of merged inputs, which libFuzzer names by their SHA-1.
ranked() {
    local target=$1 out=$2 rank folder name size
    declare -A ranks=()
    rank=1
    for folder in "$scratch/tree/$target" "$scratch/seeds/$target"; do
        while read -r name _; do ranks[$name]=$rank; done < <(find "$folder" -type f -exec sha1sum {} +)
        rank=0
    done
    find "$out" -type f -size +0c -printf '%f %s\n' | while read -r name size; do
        echo "${ranks[$name]:-2} $size $out/$name"
    done
}

write_seeds() {
    mkdir -p "$scratch/seeds/$1"
    BOSSQL_FUZZ_SEEDS=$scratch/seeds/$1 BOSSQL_FUZZ_EXAMPLES=$PWD/Grammar/examples run_program "$1" 60
}

replay() {
    local target
    target=$(basename "$(dirname "$1")")
    targets=("$target")
    build
    run_program "$target" 60 "${limits[@]}" "$1"
}

mkdir -p "$scratch"
case ${1:-} in
--replay)
    [[ -f ${2:-} ]] || fail "no file ${2:-}; its folder has the name of the target"
    replay "$(realpath "$2")"
    ;;
--minimise)
    build
    for target in "${targets[@]}"; do minimise "$target"; done
    ;;
--seed-corpus)
    build
    for target in "${targets[@]}"; do
        write_seeds "$target"
        minimise "$target"
    done
    ;;
'')
    build
    run_all
    ;;
*) fail "unknown option $1" ;;
esac
