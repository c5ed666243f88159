#!/usr/bin/env bash
# bash scripts/run_infer_310.sh [MINDIR_PATH] [DATA_PATH] [DEVICE_ID] [MORE FLAGS OF infer]: builds the C++ program,
# predicts the frames of DATA_PATH that it is not shown, and scores them. The device is an Ascend 310 where the machine
# has one and a CPU elsewhere; --device_target names another.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: bash ${0##*/} [MINDIR_PATH] [DATA_PATH] [DEVICE_ID] [MORE FLAGS OF infer]"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    echo "$usage"
    exit
fi
mindir=$root/outputs/ifrnet_s.mindir data="" device=0
if (($#)) && [[ $1 != -* ]]; then
    mindir=$1
    shift
fi
if (($#)) && [[ $1 != -* ]]; then
    data=$1
    shift
fi
if (($#)) && [[ $1 != -* ]]; then
    device=$1
    shift
fi
if (($#)) && [[ $1 != -* ]]; then
    fail_usage "$usage" "unexpected argument '$1'"
fi
if [[ ! $device =~ ^[0-9]+$ ]]; then
    fail_usage "$usage" "DEVICE_ID is a whole number from 0; got '$device'"
fi
if [[ ! -f $mindir ]]; then
    fail_usage "$usage" "MINDIR_PATH is a file that export.py wrote; there is none at '$mindir'"
fi
if [[ -n $data && ! -e $data ]]; then
    fail_usage "$usage" "DATA_PATH is a video or a folder of frames; there is none at '$data'"
fi

if [[ -z ${MS_LITE_HOME:-} ]]; then
    MS_LITE_HOME=$root/.venv-lite/lib/python3.7/site-packages/mindspore_lite
    if [[ ! -d $MS_LITE_HOME ]]; then
        fail 5 "MindSpore Lite is needed: set MS_LITE_HOME to its folder, or run bash scripts/setup_lite.sh"
    fi
fi
export MS_LITE_HOME
if [[ " $* " != *" --device_target"[\ =]* ]]; then
    target=CPU
    if [[ -e /dev/davinci_manager ]]; then
        target=Ascend310
    fi
    echo "Device: $target" >&2
    set -- --device_target "$target" "$@"
fi

program=$(bash "$root/ascend310_infer/build.sh" "$root/ascend310_infer/build") || exit $?
prepare_device_environment
results=$root/outputs/infer_310
mkdir -p "$results"
if [[ -z $data ]]; then
    data=$root/outputs/sample.mp4
    if [[ ! -e $data ]]; then
        "$environment_python" "$root/scripts/make_sample.py" "$data"
    fi
fi
exec "$environment_python" "$root/scripts/score_program.py" --mindir_path "$mindir" --data_path "$data" \
    --output_path "$results" --program "$program" -- --device_id "$device" "$@"
