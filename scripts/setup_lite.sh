#!/usr/bin/env bash
# bash scripts/setup_lite.sh: makes .venv-lite, a CPython 3.7 with MindSpore Lite 2.0.0, which --runtime lite uses.
# Networks for it are exported by MindSpore 2.0.0: bash scripts/run_tests.sh 2.0.0 makes its .venv-2.0.0.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: bash scripts/setup_lite.sh"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    echo "$usage"
    exit
fi
if (($#)); then
    fail_usage "$usage" "unexpected argument '$1'"
fi
prepare_environment lite "$usage"
echo "$environment_python"
