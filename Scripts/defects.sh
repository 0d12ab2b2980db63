#!/usr/bin/env bash
# Plants one defect after the other in the engine and runs the suite that must catch it: docs/TESTING.md, "Seeded
# defects". Prints a table; fails when a defect is not caught.
#   Scripts/defects.sh               all of them
#   Scripts/defects.sh NAME...       some
# SWIFT is the compiler's driver. BUNDLE names a test program that is there already, in place of a build of our own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

swift=${SWIFT:-swift}
scratch=.build-defects
# Seconds that a suite may take.
limit=100
export BOSSQL_SEEDED_DEFECTS=1
export SWIFT_BACKTRACE=enable=no
unset BOSSQL_DEFECT

# The defects, each with the tests that must catch it; what they are stands beside their cases in the files
# Sources/*/SeededDefect.swift.
table() {
    cat <<'END'
omitFolderFlush          BossStorageTests.FlushOrderTests
omitRootFolderFlush      BossStorageTests.FlushOrderTests
omitFlushBeforeRename    BossStorageTests.FlushOrderTests
nameBeforeFlush          BossStorageTests.FlushOrderTests
showBeforeFlush          BossStorageTests.FlushOrderTests
tellBeforeFlush          BossStorageTests.EngineHandleTests
acknowledgeBeforePublish BossStorageTests.FlushOrderTests
deleteInputsBeforeRoot   BossStorageTests.FlushOrderTests
reuseRootNumber          BossStorageTests.FlushOrderTests
retryFailedFlush         BossStorageTests.EngineHandleTests
goOnAfterFailure         BossStorageTests.EngineHandleTests
openWithoutLock          BossStorageTests.EngineHandleTests
skipDrain                BossStorageTests.GroupCommitTests/sealingMeanwhile
readUnflushed            BossStorageTests.EngineHandleTests
trustClosingRecord       BossStorageTests.FailedFlushTests
closeWithoutFlush        BossStorageTests.FailedFlushTests
trustFoundRoot           BossStorageTests.FailedFlushTests
stepBackFromBadRoot      BossStorageTests.DamageTests/newestRoot
trustBricks              BossStorageTests.DamageTests/zeroedSectors
trustMappedBricks        BossStorageTests.DamageTests/zeroedSectors
checkOverlooksBricks     BossStorageTests.CheckTests/scrubbing
salvageWithoutDeltas     BossStorageTests.SalvageTests/sound
skipFooterChecksum       BossStorageTests.SegmentFormatTests
skipLookAhead            BossStorageTests.DamagedTailTests
trustBricksOfLog         BossStorageTests.DamagedTailTests
dropNewestVersion        BossStorageTests.VersionChainTests
ignoreSnapshots          BossStorageTests.VersionChainTests
endHistoryOneEarly       BossStorageTests.VersionChainTests
foldAcrossKeptCommits    BossStorageTests.VersionChainTests
claimLostHistory         BossStorageTests.ScenarioTests
forgetHeldBytes          BossStorageTests.ScenarioTests
copyWithoutCommit        BossStorageTests.CheckTests/sound
foldInWrongOrder         BossStorageTests.ScenarioTests
hideDeltaOverDeletion    BossStorageTests.ScenarioTests
sealWithoutDeletions     BossStorageTests.ScenarioTests
sealWithoutLastEntry     BossStorageTests.ScenarioTests
forgetNotesOfLoads       BossStorageTests.ScenarioTests
forgetUncounted          BossStorageTests.ScenarioTests
evictPinned              BossStorageTests.ScenarioTests
reuseStoreNumbers        BossStorageTests.ScenarioTests
narrowShards             BossStorageTests.SegmentTableTests
searchOverlappingShard   BossStorageTests.SegmentTableTests
endVersionsAtLeaf        BossStorageTests.LargeIndexTests
skipCodeBetweenChunks    BossStorageTests.LargeIndexTests/compacted
leaveDeletionOut         BossStorageTests.CompactionTests
forgetDeletionEarly      BossStorageTests.CompactionTests
keepFilesOfGivenUpJob    BossStorageTests.CompactionTests
hideOneCuboidLess        BossStorageTests.RangeTombstoneTests
losePins                 BossStorageTests.PinTests
collectByAge             BossStorageTests.PinTests
reclaimOneRootEarly      BossStorageTests.PinTests
sweepOwnFiles            BossStorageTests.SweepTests
ignoreLeases             BossStorageTests.PinTests
leaseNamesNewestRoot     BossStorageTests.PinTests
missConflicts            BossStorageTests.GroupCommitTests/conflict
halfBatchOnFullDisk      BossStorageTests.FullDiskTests
keepReserve              BossStorageTests.SpaceReserveTests
acceptShortWrite         BossStorageTests.FileSystemTests
backUpWithoutLog         BossStorageTests.OnlineBackupTests/byReader
backUpWithoutDeletions   BossStorageTests.OnlineBackupTests/byReader
trustCopies              BossStorageTests.BackupFailureTests/damagedCopy
octantOffByOne           BossGeometryTests.MortonRangeTests
bigminOnePattern         BossGeometryTests.MortonRangeTests
multiplyUnchecked        BossFormatsTests.VolumeFilesTests
forgetAppliedCommit      BossCatalogTests.CatalogRedoTests
keepRolledBackRedo       BossCatalogTests.CatalogRedoTests
skipRedo                 BossDatabaseTests.TransactionTests
savepointKeepsVoxels     BossDatabaseTests.TransactionTests
giveNumbersAwayAgain     BossDatabaseTests.BackupTests
summaryMissesDeletion    BossDatabaseTests.LevelFreshnessTests
loadVouchesForAll        BossDatabaseTests.LevelFreshnessTests
eraseBorderCuboids       BossDatabaseTests.EraseTests
ignoreCancellation       BossDatabaseTests.ScanTests/cancellation
boxesMissCuboidEdge      BossDatabaseTests.ScanTests/labels
indexWithoutEntry        BossDatabaseTests.CutoutModelTests
labelBlockOffByOne       BossDatabaseTests.CutoutModelTests
summaryMiscounts         BossDatabaseTests.CutoutModelTests
summaryKeepsBoxes        BossDatabaseTests.CutoutModelTests
summaryKeepsGoneLabels   BossDatabaseTests.CutoutModelTests
labelsOfOldPages         BossDatabaseTests.CutoutModelTests
olderDeltaTellsLabels    BossDatabaseTests.CutoutModelTests
labelsWithoutLog         BossDatabaseTests.CutoutModelTests
trustSummaries           BossDatabaseTests.LabelCheckTests
lookUpWithoutMapping     BossDatabaseTests.MappingModelTests
scanWithoutMapping       BossDatabaseTests.MergingTests
forgetReservedIDs        BossDatabaseTests.IDReservationTests
nestWithoutLimit         BossQueryTests.ParserTests/depth
END
}

# Defects that belong to what is not there yet.
not_built() {
    cat <<'END'
range GET off by one                          there is no object store
CAS answered with 409 counts as success       there is no object store
root of a branch not counted by the collector there are no branches
END
}

fail() {
    printf 'defects: %s\n' "$1" >&2
    exit 1
}

# Every defect that can be planted is in the table, and the other way round.
check_table() {
    local planted listed
    planted=$(sed -n 's/^ *case \([a-zA-Z]*\)$/\1/p' Sources/*/SeededDefect.swift | LC_ALL=C sort)
    listed=$(table | awk '{ print $1 }' | LC_ALL=C sort)
    [[ $planted == "$listed" ]] || fail "the table and the cases differ:
$(diff <(echo "$planted") <(echo "$listed") || true)"
}

build() {
    [[ -z ${BUNDLE:-} ]] || return 0
    echo "Building the tests with the defects; the first time takes some minutes."
    $swift build --build-tests --scratch-path "$scratch" >"$logs/build.log" 2>&1 || {
        grep -E 'error' "$logs/build.log" | sort -u >&2 || tail -n 20 "$logs/build.log" >&2
        fail "the build failed"
    }
    # Where the tests are a program they are run directly: then a suite that hangs can be ended.
    local program
    for program in "$($swift build --scratch-path "$scratch" --show-bin-path)"/*.xctest; do
        if [[ -f $program && -x $program ]]; then BUNDLE=$program; fi
    done
}

# Runs tests; the defect is in the environment.
run_tests() {
    local filter=$1 log=$2
    if [[ -n ${BUNDLE:-} ]]; then
        timeout -k 5 "$limit" "$BUNDLE" --testing-library swift-testing --filter "$filter" >"$log" 2>&1
    else
        timeout -k 5 "$limit" $swift test --skip-build --disable-xctest --scratch-path "$scratch" \
            --filter "$filter" >"$log" 2>&1
    fi
}

# What the end of a run says: its status and log.
verdict() {
    local status=$1 log=$2
    if [[ $status == 124 || $status == 137 ]]; then
        echo "caught (hangs)"
    elif grep -aqE 'Test .* recorded an issue' "$log"; then
        echo "caught"
    elif [[ $status -ge 128 ]] || grep -aq 'unexpected signal' "$log"; then
        echo "caught (dies)"
    else
        echo "NOT CAUGHT"
    fi
}

# All named tests must be there and pass while no defect is chosen.
check_suites() {
    local filter
    while read -r filter; do
        run_tests "$filter" "$logs/none.log" || {
            grep -aE 'recorded an issue|error:' "$logs/none.log" | head -n 5 >&2 || true
            fail "$filter fails without a defect"
        }
        grep -aqE 'Test run with [1-9][0-9]* test' "$logs/none.log" || fail "there is no test $filter"
    done < <(rows "$@" | awk '{ print $2 }' | LC_ALL=C sort -u)
}

rows() {
    if [[ $# == 0 ]]; then
        table
        return
    fi
    local name
    for name in "$@"; do table | awk -v name="$name" '$1 == name { print; found = 1 } END { exit !found }' || fail "no defect $name"; done
}

logs=$(mktemp -d "${TMPDIR:-/tmp}/bossql-defects.XXXXXX")
trap 'rm -rf "$logs"' EXIT
check_table
rows "$@" >"$logs/rows"
build
check_suites "$@"
echo "Without a defect all named tests pass ($SECONDS s)."

missed=0
count=0
printf '%-25s %-50s %-14s %7s\n' defect tests result seconds
while read -r defect filter; do
    status=0
    started=$(date +%s%N)
    BOSSQL_DEFECT=$defect run_tests "$filter" "$logs/$defect.log" || status=$?
    result=$(verdict "$status" "$logs/$defect.log")
    elapsed=$((($(date +%s%N) - started) / 100000000))
    printf '%-25s %-50s %-14s %5d.%d\n' "$defect" "$filter" "$result" $((elapsed / 10)) $((elapsed % 10))
    count=$((count + 1))
    if [[ $result == "NOT CAUGHT" ]]; then missed=$((missed + 1)); fi
done <"$logs/rows"
if [[ $# == 0 ]]; then
    echo "Not built yet:"
    not_built | sed 's/^/    /'
fi
[[ $missed == 0 ]] || fail "$missed of $count defects are not caught"
echo "$count defects, all caught ($SECONDS s)."
