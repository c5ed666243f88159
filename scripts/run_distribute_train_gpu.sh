#!/usr/bin/env bash
# bash scripts/run_distribute_train_gpu.sh [DEVICE_NUM] [VISIBLE_DEVICES] [CONFIG_PATH] [MORE FLAGS OF train.py]
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
. "$(dirname -- "${BASH_SOURCE[0]}")/distribute.sh"
launch_distributed GPU "$@"
