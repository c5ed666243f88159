#!/usr/bin/env bash
# bash scripts/run_tests.sh [MINDSPORE_VERSION] [-- PYTEST ARGS]: sets everything up, then lints and tests.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: bash scripts/run_tests.sh [MINDSPORE_VERSION] [-- PYTEST ARGS]"
version=$default_mindspore
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    echo "$usage"
    exit
fi
if (($#)) && [[ $1 != -- ]]; then
    version=$1
    shift
fi
if (($#)); then
    if [[ $1 != -- ]]; then
        fail_usage "$usage" "arguments for pytest stand after --; got '$1'"
    fi
    shift
fi

prepare_environment "$version" "$usage"
cd -- "$root"
if [[ $version == "$default_mindspore" ]]; then
    "$environment_python" -m ruff check .
fi
# Most of the time goes into compiling graphs: a seventh less of it where glibc asks for huge pages of memory.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
# One process a core, up to four, which take whole files of tests, in the order of tests/conftest.py.
exec "$environment_python" -m pytest -q --durations=10 -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
    "$@"
