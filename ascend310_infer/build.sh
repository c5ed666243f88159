#!/usr/bin/env bash
# bash ascend310_infer/build.sh [FOLDER]: builds the program against MindSpore Lite in MS_LITE_HOME -> FOLDER/infer.
# bash ascend310_infer/build.sh --test [FOLDER]: builds with sanitizers, without MindSpore, and runs the unit tests.
set -euo pipefail

here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
usage="usage: bash ascend310_infer/build.sh [--test] [FOLDER]"

# fail CODE MESSAGE
fail() {
    printf 'error: %s\n' "$2" >&2
    exit "$1"
}

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    echo "$usage"
    exit
fi
options=(-DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF)
folder=$here/build
is_test=false
if [[ ${1:-} == --test ]]; then
    options=(-DCMAKE_BUILD_TYPE=Debug -DMS_LITE_HOME=)
    folder=$here/build-test
    is_test=true
    shift
fi
if (($# > 1)) || [[ ${1:-} == -* ]]; then
    printf '%s\n' "$usage" >&2
    fail 2 "expected one FOLDER; got '$*'"
fi
folder=${1:-$folder}
if ! $is_test; then
    if [[ -z ${MS_LITE_HOME:-} ]]; then
        fail 5 "MS_LITE_HOME is not set: the folder of an unpacked MindSpore Lite tarball, or mindspore_lite of its wheel"
    fi
    options+=("-DMS_LITE_HOME=$MS_LITE_HOME")
fi
command -v cmake >/dev/null || fail 5 "cmake 3.16 or later is needed; there is none on PATH"

log=$folder/build.log
mkdir -p -- "$folder"
if ! { cmake -S "$here" -B "$folder" "${options[@]}" && cmake --build "$folder" --parallel "$(nproc)"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail 5 "the build failed; the whole output is in $log"
fi
if $is_test; then
    exec ctest --test-dir "$folder" --output-on-failure
fi
echo "$folder/infer"
