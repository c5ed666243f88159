#!/usr/bin/env bash
# bash scripts/run_standalone_train_cpu.sh [DEVICE_ID] [CONFIG_PATH] [MORE FLAGS OF train.py]
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
launch train.py CPU "$@"
