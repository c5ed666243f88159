#!/usr/bin/env bash
# bash scripts/train_demo.sh CLIPS [OUTPUT_PATH]: trains the shipped IFRNet-S again, its four stages one after the other.
# CLIPS: videos and folders of frames, separated by colons.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: bash scripts/train_demo.sh CLIPS [OUTPUT_PATH]"
if (($# < 1 || $# > 2)) || [[ $1 == -* ]]; then
    fail_usage "$usage" "expected CLIPS and perhaps an OUTPUT_PATH; got '$*'"
fi
clips=$1
output=${2:-$root/outputs/demo}
prepare_environment "$default_mindspore"

# stage RECIPE FLAGS
stage() {
    local recipe=$1
    shift
    "$environment_python" "$root/train.py" --config_path "$root/configs/$recipe.yaml" --data_path "$clips" \
        --output_path "$output/$recipe" "$@"
}

stage ifrnet_s_demo_motion
stage ifrnet_s_demo --ckpt_path "$output/ifrnet_s_demo_motion/ifrnet_s.ckpt"
stage ifrnet_s_demo_finish --ckpt_path "$output/ifrnet_s_demo/ifrnet_s.ckpt"
stage ifrnet_s_demo_whole --ckpt_path "$output/ifrnet_s_demo_finish/ifrnet_s.ckpt"
"$environment_python" "$root/scripts/pack_weights.py" "$output/ifrnet_s_demo_whole/ifrnet_s.ckpt" "$output/ifrnet_s.ckpt" \
    --overwrite
