#!/usr/bin/env bash
# A tour of BossQL: imports a head MRI and its atlas into a database, asks questions, shows the answers.
#
#   Scripts/tour.sh [--no-shell]
#
#   BOSSQL_TOUR  the database, tour/mri.bossdb by default; pictures are written beside it
#   BOSSQL       the program, .build/release/bossql by default
#   MRI_FOLDER   where ch2.nii.gz and aal.nii.gz are
#
# The second time the database is there and only the questions are asked.
# At a terminal it ends in the shell of the database, unless --no-shell is given or CI is set.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${BOSSQL:-$root/.build/release/bossql}
database=${BOSSQL_TOUR:-$root/tour/mri.bossdb}
mri_folder=${MRI_FOLDER:-/usr/share/mricron/templates}
image=$mri_folder/ch2.nii.gz
atlas=$mri_folder/aal.nii.gz
opens_shell=true

for argument in "$@"; do
    case $argument in
    --no-shell) opens_shell=false ;;
    -h | --help)
        sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *)
        echo "tour: unknown argument $argument; see --help" >&2
        exit 2
        ;;
    esac
done

fail() {
    echo "tour: $*" >&2
    exit 1
}

bold='' faint='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' faint=$'\e[2m' plain=$'\e[0m'
fi
# At a terminal the shell draws volumes in colours by itself; elsewhere it is asked for letters.
preview=()
[[ -t 1 ]] || preview=(-c '.mode ascii')

[[ -x $program ]] || fail "there is no $program; run \`make build\` first"
case $program in /*) ;; *) program=$PWD/$program ;; esac
mkdir -p "$(dirname "$database")"
folder=$(cd "$(dirname "$database")" && pwd)
name=$(basename "$database")
# Statements name files without their folder, which keeps them short.
cd "$folder"

# Prints a line of explanation and the statement, then runs it. Options for the program may follow.
ask() {
    local explanation=$1 statement=$2
    shift 2
    printf '\n%s-- %s%s\n%sbossql> %s%s\n' "$faint" "$explanation" "$plain" "$bold" "$statement" "$plain"
    "$program" "$current" "$@" -c "$statement" </dev/null || fail "this statement failed: $statement"
}

# Compares rows with what NumPy finds in the same files.
expect() {
    local statement=$1 expected=$2 found
    found=$("$program" "$current" --read-only --format csv -c "$statement" </dev/null |
        tail -n +2 | tr -d '\r' | tr '\n' ' ') || fail "this statement failed: $statement"
    [[ $found == "$expected " ]] || fail "$statement gives \"$found\" instead of \"$expected\""
}

build_database() {
    for file in "$image" "$atlas"; do
        [[ -r $file ]] || fail "there is no $file; it comes with the Debian package mricron-data (\`make install\`)"
    done
    echo "Making $folder/$name from $image"
    # Under another name until it is complete, so that an interrupted tour starts again.
    current=unfinished-$name
    rm -rf "./$current"
    ask "A collection holds experiments; an experiment is a frame of coordinates and its channels." \
        "CREATE COLLECTION tour;"
    ask "The frame of this head: 181 x 217 x 181 voxels of 1 mm." \
        "CREATE FRAME head X 0:181 Y 0:217 Z 0:181 VOXEL 1mm, 1mm, 1mm;"
    ask "Four resolution levels: 1, 2, 4 and 8 mm." \
        "CREATE EXPERIMENT tour/head FRAME head LEVELS 4 HIERARCHY ISOTROPIC;"
    ask "The image, 8-bit grey." \
        "CREATE CHANNEL tour/head/t1 TYPE IMAGE DATATYPE UINT8;"
    ask "The atlas: every voxel names the region of the brain that it belongs to." \
        "CREATE CHANNEL tour/head/aal TYPE ANNOTATION DATATYPE UINT64;"
    ask "Seven million voxels of MRI." \
        "IMPORT INTO tour/head/t1 FROM '${image//\'/\'\'}' FORMAT NIFTI;"
    ask "And as many labels, from bytes to 64 bits." \
        "IMPORT INTO tour/head/aal FROM '${atlas//\'/\'\'}' FORMAT NIFTI;"
    ask "Coarser levels of the image: means of 2 x 2 x 2 voxels." \
        "DOWNSAMPLE tour/head/t1;"
    ask "Coarser levels of the labels: the most frequent one." \
        "DOWNSAMPLE tour/head/aal;"
    mv "./$current" "./$name"
}

if [[ -d $name ]]; then
    echo "Using $folder/$name; remove it to start from nothing."
else
    build_database
fi
current=$name
rm -f slice.png labels.png

ask "What is in the experiment?" \
    "SHOW CHANNELS IN tour/head;" --read-only
ask "Its resolution levels." \
    "SHOW LEVELS IN tour/head/t1;" --read-only
ask "A slice through the middle of the brain." \
    "SELECT SLICE FROM tour/head/t1 Z 90;" --read-only ${preview[@]+"${preview[@]}"}
ask "A cutout is a box: voxels 51 to 80 in x, and so on; ends are half-open." \
    "SELECT CUTOUT FROM tour/head/t1 X 51:81 Y 85:126 Z 44:84;" --read-only
ask "Which regions of the atlas lie in this box?" \
    "FIND IDS IN tour/head/aal X 60:76 Y 100:116 Z 50:66;" --read-only
ask "37 is the left hippocampus. Its bounding box:" \
    "BBOX OF ID 37 IN tour/head/aal;" --read-only
ask "And its size in voxels, here cubic millimetres." \
    "COUNT VOXELS IN tour/head/aal WHERE ID = 37;" --read-only
ask "Brightness of the whole image." \
    "STATS OF tour/head/t1;" --read-only
ask "The brightest regions, image within labels: 75 and 76 are the pallidum, 73 and 74 the putamen." \
    "SELECT id, count, mean FROM STATS(tour/head/t1 WITHIN tour/head/aal) ORDER BY mean DESC LIMIT 5;" --read-only
ask "Coordinates may be physical." \
    "SELECT CUTOUT FROM tour/head/t1 X 60mm:120mm Y 60mm:120mm Z 80mm:84mm;" --read-only
ask "And so may the resolution." \
    "SELECT SLICE FROM tour/head/t1 RES AT 4mm Z 22;" --read-only ${preview[@]+"${preview[@]}"}
ask "How much that reads: only the bricks that the box touches." \
    "SELECT CUTOUT FROM tour/head/t1 X 60:124 Y 60:124 Z 60:124;" --read-only -c '.stats on'
ask "A picture of the slice, in $folder." \
    "SELECT IMAGE FROM tour/head/t1 Z 60 FORMAT PNG INTO FILE 'slice.png';" --read-only
ask "And of the labels, one colour each." \
    "SELECT IMAGE FROM tour/head/aal Z 60 FORMAT PNG INTO FILE 'labels.png';" --read-only

mistake="SELECT CUTOUT FROM tour/head/t1 X 0:9000 Y 0:64 Z 0:8;"
printf '\n%s-- A mistake is answered with its place and its remedy.%s\n%sbossql> %s%s\n' \
    "$faint" "$plain" "$bold" "$mistake" "$plain"
status=0
answer=$("$program" "$current" --read-only -c "$mistake" </dev/null 2>&1) || status=$?
printf '%s\n' "$answer"
[[ $status -eq 1 ]] || fail "the mistake ended with status $status instead of 1"
[[ $answer == *22V01* ]] || fail "the mistake was not answered with 22V01"

# The answers are right, not only there: NumPy says the same of these files.
expect "FIND IDS IN tour/head/aal X 60:76 Y 100:116 Z 50:66;" "37 39 73"
expect "SELECT id, voxels FROM IDS(tour/head/aal) WHERE id IN (37, 38) ORDER BY id;" "37,7469 38,7606"
expect "COUNT VOXELS IN tour/head/aal WHERE ID = 37;" "7469"
expect "SELECT id, mean FROM STATS(tour/head/t1 WITHIN tour/head/aal) ORDER BY mean DESC LIMIT 2;" \
    "75,103.75142231947484 76,102.7079524680073"
for picture in slice.png labels.png; do
    [[ $(head -c 8 "$picture" | od -An -tx1 | tr -d ' \n') == 89504e470d0a1a0a ]] || fail "$picture is no PNG picture"
done

shown=$folder/$name
[[ $folder/$name == "$root/tour/mri.bossdb" ]] && shown=tour/mri.bossdb
printf '\nPictures: %s/slice.png and labels.png\n' "$folder"
if $opens_shell && [[ -t 0 && -t 1 && -z ${CI:-} ]]; then
    printf 'This is the shell of %s; try .help, .tree, or one of the statements above.\n\n' "$shown"
    exec "$program" "$name"
fi
printf 'Open the database with: %s %s\n' "${program/#"$root/"/}" "$shown"
