#!/usr/bin/env bash
# bash scripts/run_distribute_train_ascend.sh [DEVICE_NUM or RANK_TABLE_FILE] [CONFIG_PATH] [MORE FLAGS OF train.py]
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
. "$(dirname -- "${BASH_SOURCE[0]}")/distribute.sh"
launch_distributed Ascend "$@"
