#!/usr/bin/env bash
# bash scripts/run_eval_cpu.sh [DEVICE_ID] [CONFIG_PATH] [CKPT_PATH] [MORE FLAGS OF eval.py]
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
launch eval.py CPU "$@"
