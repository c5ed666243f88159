#!/usr/bin/env bash
# bash scripts/run_demo.sh [VIDEO]: sets everything up, then doubles the frame rate of VIDEO, or of a sample clip.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: bash scripts/run_demo.sh [VIDEO]"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    echo "$usage"
    exit
fi
if (($# > 1)) || [[ ${1:-} == -* ]]; then
    fail_usage "$usage" "expected one VIDEO; got '$*'"
fi
video=${1-$root/outputs/sample.mp4}
if (($#)) && [[ ! -e $video ]]; then
    fail 3 "VIDEO is a file; there is none at '$video'"
fi

prepare_environment "$default_mindspore"
mkdir -p "$root/outputs"
if ! (($#)); then
    "$environment_python" "$root/scripts/make_sample.py" "$video"
fi
name=${video##*/}
result=$root/outputs/${name%.*}_2x.mp4
"$environment_python" "$root/infer.py" "$video" --output_path "$result" --model ifrnet_s --overwrite
echo "Result: $result"
