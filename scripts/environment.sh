# shellcheck shell=bash
# Sourced by the scripts beside it: finds a Python, keeps one virtual environment per MindSpore version, starts
# train.py and eval.py. It needs nothing but bash, the POSIX tools and, against two starts at once, flock.
set -euo pipefail

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
default_mindspore=2.8.0

# fail CODE MESSAGE
fail() {
    printf 'error: %s\n' "$2" >&2
    exit "$1"
}

# fail_usage USAGE MESSAGE
fail_usage() {
    printf 'error: %s\n%s\n' "$2" "$1" >&2
    exit 2
}

# Prints "3.11", or "3.11 without venv"; nothing where the command does not run, as a shim without a version behind it.
probe_python() {
    "$1" -c '
import sys
version = "%d.%d" % sys.version_info[:2]
try:
    import ensurepip, venv
    ensurepip.version()
except Exception:
    version += " without venv"
print(version)' 2>/dev/null </dev/null || true
}

list_pythons() {
    local name
    for name in python3.11 python3.12 python3.10 python3.9 python3 python python3.7; do
        type -aP "$name" || true
    done
    printf '%s\n' "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.*/bin/python
}

# find_python MINDSPORE_VERSION ACCEPTED: prints the first command that is one of the accepted versions.
find_python() {
    local candidate version found=""
    while IFS= read -r candidate; do
        version=$(probe_python "$candidate")
        if [[ -z $version ]]; then
            continue
        elif [[ " $2 " == *" $version "* ]]; then
            printf '%s\n' "$candidate"
            return
        elif [[ ", $found" != *", $version ("* ]]; then
            found+="${found:+, }$version ($candidate)"
        fi
    done < <(if [[ -n ${MINDFRAMES_PYTHON:-} ]]; then printf '%s\n' "$MINDFRAMES_PYTHON"; else list_pythons; fi)
    fail 5 "MindSpore $1 needs one of Python ${2// /, } with its venv module; found ${found:-none}${MINDFRAMES_PYTHON:+\
 in MINDFRAMES_PYTHON=$MINDFRAMES_PYTHON} (MINDFRAMES_PYTHON=PATH names another)"
}

# prepare_environment MINDSPORE_VERSION [USAGE]: sets environment_python to the Python of a complete virtual environment,
# or to MINDFRAMES_READY_PYTHON, one that has everything already.
prepare_environment() {
    local version=$1 suffix="" accepted
    if [[ -n ${MINDFRAMES_READY_PYTHON:-} ]]; then
        environment_python=$MINDFRAMES_READY_PYTHON
        return
    fi
    case $version in
        2.0.0) accepted="3.9" ;;
        2.8.0) accepted="3.9 3.10 3.11 3.12" ;;
        2.10.0) accepted="3.10 3.11 3.12" ;;
        lite) accepted="3.7" ;;
        *) fail_usage "${2:-}" "MINDSPORE_VERSION is one of 2.0.0, 2.8.0, 2.10.0; got '$version'" ;;
    esac
    if [[ $version != "$default_mindspore" ]]; then
        suffix=-$version
    fi
    local requirements=$root/requirements$suffix.txt venv=$root/.venv$suffix
    # The stamp is the list that was installed; the marker is there while an installation runs or was cut off.
    local stamp=$venv/installed-requirements.txt marker=$venv/installation-unfinished log=$venv/installation.log
    environment_python=$venv/bin/python
    if environment_is_ready; then
        return
    fi
    (
        trap 'exit 130' INT
        trap 'exit 143' TERM
        if command -v flock >/dev/null && ! flock -n 9; then
            echo "Waiting for another start that sets up ${venv##*/} ..." >&2
            flock 9 || true
        fi
        if ! environment_is_ready; then
            build_environment
        fi
    ) 9<"$requirements"
}

environment_is_ready() {
    [[ -x $environment_python && ! -e $marker ]] && list_requirements | cmp -s - "$stamp"
}

# Prints the requirements, and after them those that they refer to.
list_requirements() {
    local option name
    cat "$requirements"
    while read -r option name; do
        if [[ $option == -r ]]; then
            cat "$root/$name"
        fi
    done <"$requirements"
}

environment_can_be_kept() {
    [[ ! -e $marker ]] && [[ " $accepted " == *" $(probe_python "$environment_python") "* ]] \
        && "$environment_python" -m pip --version >/dev/null 2>&1
}

build_environment() {
    local python=""
    if ! environment_can_be_kept; then
        python=$(find_python "$version" "$accepted") || exit $?
        # bin first: a removal that is cut off leaves nothing that looks like an environment.
        rm -rf "${venv:?}/bin" "$venv"
        mkdir "$venv" || fail 5 "cannot create $venv"
    fi
    echo "Setting up ${venv##*/} with MindSpore $version: once, some minutes, 3 GB of disk ..." >&2
    : >"$marker"
    rm -f "$stamp"
    if [[ -n $python ]]; then
        "$python" -m venv "$venv" >"$log" 2>&1 </dev/null || fail_installation "$python -m venv"
    fi
    "$environment_python" -m pip install --disable-pip-version-check --no-input --quiet -r "$requirements" \
        >"$log" 2>&1 </dev/null || fail_installation "pip install -r ${requirements##*/}"
    list_requirements >"$stamp.part" || fail 6 "cannot write $stamp"
    rm -f "$marker"
    mv -f "$stamp.part" "$stamp"
}

# fail_installation COMMAND
fail_installation() {
    local code=5
    tail -n 20 "$log" >&2
    if grep -q 'No space left on device' "$log"; then
        code=6
    fi
    fail "$code" "$1 failed; the whole output is in $log"
}

# Sets environment_python to the Python on PATH that has MindSpore, as on Ascend and GPU machines, or to the project's.
prepare_device_environment() {
    local name
    for name in python python3; do
        if "$name" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mindspore") is None)' \
            >/dev/null 2>&1 </dev/null; then
            environment_python=$name
            return
        fi
    done
    prepare_environment "$default_mindspore"
}

# launch ENTRY_POINT DEVICE_TARGET [DEVICE_ID] [CONFIG_PATH] [CKPT_PATH, for eval.py] [FLAGS]
launch() {
    local entry_point=$1 target=$2 device=0
    local config=$root/configs/ifrnet_s_synthetic.yaml checkpoint=$root/checkpoints/ifrnet_s.ckpt
    shift 2
    local usage="usage: bash ${0##*/} [DEVICE_ID] [CONFIG_PATH]"
    if [[ $entry_point == eval.py ]]; then
        usage+=" [CKPT_PATH]"
    fi
    usage+=" [MORE FLAGS OF $entry_point]"
    if [[ ${1:-} == -h || ${1:-} == --help ]]; then
        echo "$usage"
        return
    fi
    if (($#)) && [[ $1 != -* ]]; then
        device=$1
        shift
    fi
    if (($#)) && [[ $1 != -* ]]; then
        config=$1
        shift
    fi
    if (($#)) && [[ $1 != -* && $entry_point == eval.py ]]; then
        checkpoint=$1
        shift
    fi
    if (($#)) && [[ $1 != -* ]]; then
        fail_usage "$usage" "unexpected argument '$1'"
    fi
    if [[ ! $device =~ ^[0-9]+$ ]]; then
        fail_usage "$usage" "DEVICE_ID is a whole number from 0; got '$device'"
    fi
    if [[ ! -f $config ]]; then
        fail_usage "$usage" "CONFIG_PATH is a YAML file; there is none at '$config'"
    fi
    if [[ $entry_point == eval.py ]]; then
        if [[ ! -f $checkpoint && $checkpoint != *://* ]]; then
            fail_usage "$usage" "CKPT_PATH is a file of weights or its URL; there is none at '$checkpoint'"
        fi
        set -- --ckpt_path "$checkpoint" "$@"
    fi
    if [[ $target == CPU ]]; then
        prepare_environment "$default_mindspore"
    else
        prepare_device_environment
    fi
    exec "$environment_python" "$root/$entry_point" --config_path "$config" --device_target "$target" \
        --device_id "$device" "$@"
}
