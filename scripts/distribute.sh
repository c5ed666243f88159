# shellcheck shell=bash
# Sourced by run_distribute_train_*.sh, after environment.sh.

# launch_distributed DEVICE_TARGET [COUNT, on Ascend or a rank table] [VISIBLE_DEVICES, on GPUs] [CONFIG_PATH] [FLAGS]
launch_distributed() {
    local target=$1 config=$root/configs/ifrnet_s_synthetic.yaml count="" table="" visible="" usage
    local -A first=([CPU]=PROCESS_NUM [GPU]="DEVICE_NUM] [VISIBLE_DEVICES" [Ascend]="DEVICE_NUM or RANK_TABLE_FILE")
    shift
    usage="usage: bash ${0##*/} [${first[$target]}] [CONFIG_PATH] [MORE FLAGS OF train.py]"
    if [[ ${1:-} == -h || ${1:-} == --help ]]; then
        echo "$usage"
        return
    fi
    if (($#)) && [[ $1 != -* ]]; then
        count=$1
        shift
        if [[ $target == Ascend && -f $count ]]; then
            table=$count
        elif [[ ! $count =~ ^[1-9][0-9]*$ ]]; then
            fail_usage "$usage" "${first[$target]%%]*} is a whole number from 1$(
                [[ $target != Ascend ]] || echo ' or an existing file'
            ); got '$count'"
        fi
    fi
    if [[ $target == GPU ]] && (($#)) && [[ $1 != -* ]]; then
        visible=$1
        shift
        check_visible "$visible" "$count" "$usage"
    fi
    if (($#)) && [[ $1 != -* ]]; then
        config=$1
        shift
    fi
    if (($#)) && [[ $1 != -* ]]; then
        fail_usage "$usage" "unexpected argument '$1'"
    fi
    if [[ ! -f $config ]]; then
        fail_usage "$usage" "CONFIG_PATH is a YAML file; there is none at '$config'"
    fi
    if [[ $target == CPU ]]; then
        prepare_environment "$default_mindspore"
    else
        prepare_device_environment
    fi
    local options=(--device_target "$target")
    if [[ -n $table ]]; then
        options+=(--rank_table_file "$table")
    elif [[ -n $count ]]; then
        options+=(--worker_num "$count")
    fi
    if [[ -n $visible ]]; then
        options+=(--visible_devices "$visible")
    fi
    exec "$environment_python" "$root/scripts/distribute.py" "${options[@]}" -- --config_path "$config" "$@"
}

# check_visible VISIBLE_DEVICES COUNT USAGE
check_visible() {
    local commas=${1//[^,]/}
    if [[ ! $1 =~ ^[0-9]+(,[0-9]+)*$ ]] || ((${#commas} + 1 != $2)); then
        fail_usage "$3" "VISIBLE_DEVICES is as many device numbers as DEVICE_NUM=$2 says, as in 0,1; got '$1'"
    fi
}
