"""Launchers of distributed training, with stubs of msrun, mpirun and the workers: what is started, shown and ended."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHERS = {
    "run_distribute_train_cpu.sh": "CPU",
    "run_distribute_train_gpu.sh": "GPU",
    "run_distribute_train_ascend.sh": "Ascend",
}
# Starts workers as msrun does: a scheduler beside them, every worker in a session of its own, and does not wait.
MSRUN = """#!/usr/bin/env bash
echo "msrun $*" >>"$STUB_LOG"
for option in "$@"; do
    case $option in
        --worker_num=*) count=${option#*=} ;;
        --log_dir=*) logs=${option#*=} ;;
        --*) ;;
        *) break ;;
    esac
done
while [[ $1 == --* ]]; do shift; done
if [[ -n ${STUB_SCHEDULER:-} ]]; then
    MS_ROLE=MS_SCHED RANK_ID=0 bash -c "$STUB_SCHEDULER" >"$logs/scheduler.log" 2>&1 &
fi
for ((rank = 0; rank < count; rank++)); do
    # from a shell that is gone at once: this one would reap a worker that ends early
    (MS_ROLE=MS_WORKER RANK_ID=$rank DEVICE_ID=$rank setsid "$@" >"$logs/worker_$rank.log" 2>&1 &)
done
exit "${STUB_EXIT:-0}"
"""
# Waits for its workers and ends with the code of the first that fails, after it has ended the others.
MPIRUN = """#!/usr/bin/env bash
echo "mpirun $*" >>"$STUB_LOG"
count=$2
while [[ $1 != bash ]]; do shift; done
for ((rank = 0; rank < count; rank++)); do
    OMPI_COMM_WORLD_RANK=$rank OMPI_COMM_WORLD_LOCAL_RANK=$rank "$@" &
done
while [[ -n $(jobs -pr) ]]; do
    wait -n || { code=$?; kill $(jobs -pr); exit $code; }
done
"""
WORKER = """#!/usr/bin/env bash
rank=${RANK_ID:-$OMPI_COMM_WORLD_RANK}
echo "worker $rank of ${RANK_SIZE:-?} on ${DEVICE_ID:-?} of ${CUDA_VISIBLE_DEVICES:-?}: $*" >>"$STUB_LOG"
eval "$STUB_WORKER"
"""
FAILING_SECOND = """
echo "worker $rank begins"
if [[ $rank == 1 ]]; then
    sleep 0.5
    printf 'Traceback (most recent call last):\\n  the cause\\nerror: broken\\n'
    exit 3
fi
sleep 600
"""
# sys.executable is where msrun and the workers' Python are looked for
DRIVER = "import runpy, sys; sys.executable = sys.argv.pop(1); sys.argv[0] = sys.argv[1]; del sys.argv[1]; \
runpy.run_path(sys.argv[0], run_name='__main__')"


class Machine:
    """A folder of stub commands, and scripts/distribute.py started with them."""

    def __init__(self, folder, *commands):
        self.folder, self.bin, self.log = folder, folder / "bin", folder / "calls.log"
        self.bin.mkdir()
        for name, text in (("python3", WORKER), *commands):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def start(self, target, *options, flags=(), **environment):
        command = [sys.executable, "-c", DRIVER, str(self.bin / "python3"), str(ROOT / "scripts" / "distribute.py")]
        command += ["--device_target", target, *options, "--", "--output_path", "out", *flags]
        basic = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "STUB_LOG": str(self.log), "STUB_WORKER": ":"}
        return subprocess.Popen(
            command, cwd=self.folder, env={**basic, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def logs(self):
        return next((self.folder / "out" / "workers").iterdir())

    def left_behind(self):
        """Return the processes that still know this machine's log of calls."""
        found = []
        for entry in os.scandir("/proc"):
            try:
                environment = Path(entry.path, "environ").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if f"STUB_LOG={self.log}\0".encode() in environment:
                found.append(entry.name)
        return found


@pytest.fixture
def ready(project):
    project.add_python("python", "3.11", mindspore=True)
    (project.elsewhere / "my recipe.yaml").touch()
    (project.elsewhere / "my table.json").touch()
    return project


def launched(project, *options, config=None, flags=""):
    config = config or f"{project.root}/configs/ifrnet_s_synthetic.yaml"
    shown = "".join(f" [{option}]" for option in options)
    return [f"python [{project.root}/scripts/distribute.py]{shown} [--] [--config_path] [{config}]{flags}"]


@pytest.mark.parametrize(("script", "target"), LAUNCHERS.items())
def test_the_bare_command_leaves_the_count_to_the_visible_devices(ready, script, target):
    ready_python = str(ready.commands / "python")
    assert ready.run(script, MINDFRAMES_READY_PYTHON=ready_python).returncode == 0
    assert ready.calls() == launched(ready, "--device_target", target)


@pytest.mark.parametrize(
    ("script", "arguments", "options"),
    [
        ("run_distribute_train_cpu.sh", ("3",), ("CPU", "--worker_num", "3")),
        ("run_distribute_train_gpu.sh", ("2", "4,5"), ("GPU", "--worker_num", "2", "--visible_devices", "4,5")),
        ("run_distribute_train_ascend.sh", ("8",), ("Ascend", "--worker_num", "8")),
        ("run_distribute_train_ascend.sh", ("my table.json",), ("Ascend", "--rank_table_file", "my table.json")),
    ],
)
def test_devices_then_recipe_then_flags(ready, script, arguments, options):
    ready_python = str(ready.commands / "python")
    done = ready.run(script, *arguments, "my recipe.yaml", "--seed", "7", MINDFRAMES_READY_PYTHON=ready_python)
    assert done.returncode == 0
    assert ready.calls() == launched(
        ready, "--device_target", *options, config="my recipe.yaml", flags=" [--seed] [7]"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("run_distribute_train_cpu.sh", ("0",)),
        ("run_distribute_train_cpu.sh", ("two",)),
        ("run_distribute_train_cpu.sh", ("2", "absent.yaml")),
        ("run_distribute_train_cpu.sh", ("2", "my recipe.yaml", "more")),
        ("run_distribute_train_gpu.sh", ("2", "0")),
        ("run_distribute_train_gpu.sh", ("1", "0,")),
        ("run_distribute_train_ascend.sh", ("absent.json",)),
    ],
)
def test_wrong_arguments_print_the_usage_and_end_with_2(ready, script, arguments):
    done = ready.run(script, *arguments)
    assert done.returncode == 2
    assert f"usage: bash {script} [" in done.stderr
    assert ready.calls() == []


@pytest.mark.parametrize("script", LAUNCHERS)
def test_help_prints_the_usage_without_any_python(project, script):
    done = project.run(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: bash {script} [")


def test_msrun_gets_the_workers_a_port_the_logs_and_the_training_command(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    options = ("--worker_num", "2", "--visible_devices", "4,5")
    done = machine.run("GPU", *options, flags=["--seed", "7"], MASTER_PORT="9000")
    assert done.returncode == 0, done.stderr
    flags = "--output_path out --seed 7 --device_target GPU --distribute"
    assert machine.calls()[0] == (
        f"msrun --worker_num=2 --local_worker_num=2 --master_port=9000 --log_dir={machine.logs().relative_to(tmp_path)}"
        f" python3 {ROOT}/train.py {flags}"
    )
    assert sorted(machine.calls()[1:]) == [
        f"worker {rank} of ? on {rank} of 4,5: {ROOT}/train.py {flags}" for rank in (0, 1)
    ]


def test_without_a_count_every_visible_device_gets_a_worker(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    assert machine.run("GPU", CUDA_VISIBLE_DEVICES="1,2,6").returncode == 0
    assert "--worker_num=3 --local_worker_num=3" in machine.calls()[0]


def test_without_a_port_a_free_one_is_taken(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    assert machine.run("CPU").returncode == 0
    port = machine.calls()[0].split("--master_port=")[1].split()[0]
    assert 1024 <= int(port) <= 65535


def test_only_the_first_workers_output_is_shown_and_all_is_kept(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    done = machine.run("CPU", STUB_WORKER='echo "this is $rank"; echo "[INFO] DISTRIBUTED(1,2,python): success!" >&2')
    assert (done.returncode, done.stdout, done.stderr) == (0, "this is 0\n", "")
    assert (machine.logs() / "worker_1.log").read_text().startswith("this is 1\n[INFO]")


@pytest.mark.parametrize("starter", [("msrun", MSRUN), ("mpirun", MPIRUN)], ids=["msrun", "mpirun"])
def test_a_worker_that_fails_ends_all_with_its_code_and_its_traceback(tmp_path, starter):
    machine = Machine(tmp_path, starter)
    done = machine.run("GPU", "--worker_num", "3", STUB_WORKER=FAILING_SECOND, STUB_SCHEDULER="sleep 600")
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert lines[:3] == ["Traceback (most recent call last):", "  the cause", "error: broken"]
    assert lines[-1].startswith("error: worker 1 of 3 ended with code 3, so all were ended")
    assert machine.left_behind() == []


def test_workers_that_do_not_react_to_a_request_are_killed(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    stubborn = "trap '' TERM; [[ $rank == 1 ]] && kill -KILL $$; while :; do sleep 600; done"
    done = machine.run("CPU", STUB_WORKER=stubborn)
    assert done.returncode == 128 + signal.SIGKILL
    assert "worker 1 of 2 was killed by SIGKILL" in done.stderr
    assert machine.left_behind() == []


def test_a_code_above_those_of_signals_is_handed_back(tmp_path):
    done = Machine(tmp_path, ("msrun", MSRUN)).run("CPU", STUB_WORKER="[[ $rank == 0 ]] || exit 255; sleep 600")
    assert done.returncode == 255
    assert done.stderr.splitlines()[-1].startswith("error: worker 1 of 2 ended with code 255, so all were ended")


def test_a_scheduler_left_over_does_not_keep_a_finished_run(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    assert machine.run("CPU", STUB_WORKER="sleep 0.5", STUB_SCHEDULER="sleep 600").returncode == 0
    assert machine.left_behind() == []


def test_a_starter_that_fails_hands_back_its_code(tmp_path):
    machine = Machine(tmp_path, ("msrun", "#!/usr/bin/env bash\necho 'no port'\nexit 9\n"))
    done = machine.run("CPU")
    assert done.returncode == 9
    assert done.stderr.splitlines()[0] == "no port"


def test_a_request_to_stop_reaches_the_first_worker_which_saves_and_gives_the_code(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    # the second would fail if it were asked before the first is gone
    saving = """
    trap '[[ $rank == 0 ]] || exit 9; touch saved; exit 143' TERM
    echo "$rank waits"
    while :; do sleep 0.1; done
    """
    process = machine.start("CPU", STUB_WORKER=saving)
    assert process.stdout.readline() == "0 waits\n"
    while len(machine.calls()) < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, "")
    assert (tmp_path / "saved").exists()
    assert machine.left_behind() == []


def test_mpirun_starts_gpus_where_there_is_no_msrun(tmp_path):
    machine = Machine(tmp_path, ("mpirun", MPIRUN))
    done = machine.run("GPU", "--worker_num", "2", STUB_WORKER='echo "this is $rank"')
    assert (done.returncode, done.stdout) == (0, "this is 0\n"), done.stderr
    assert machine.calls()[0].startswith("mpirun -n 2 ")
    assert (machine.logs() / "worker_1.log").read_text() == "this is 1\n"


@pytest.mark.parametrize(("target", "expected"), [("CPU", "from 2.3 on"), ("GPU", "by mpirun of Open MPI")])
def test_nothing_that_could_start_workers_is_exit_code_5(tmp_path, target, expected):
    done = Machine(tmp_path).run(target, "--worker_num", "2")
    assert done.returncode == 5
    assert expected in done.stderr and done.stderr.count("\n") == 1


def test_no_visible_device_is_exit_code_5(tmp_path):
    done = Machine(tmp_path, ("msrun", MSRUN)).run("GPU", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 5
    assert done.stderr.startswith("error: no GPU device in CUDA_VISIBLE_DEVICES=")


def test_a_rank_table_starts_its_workers_one_by_one_though_msrun_is_there(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    devices = [{"device_id": str(device), "rank_id": str(rank)} for rank, device in enumerate((4, 6))]
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"server_list": [{"server_id": "10.0.0.1", "device": devices}]}))
    done = machine.run("Ascend", "--rank_table_file", "table.json", STUB_WORKER='echo "$RANK_TABLE_FILE"')
    assert (done.returncode, done.stdout) == (0, f"{table}\n"), done.stderr
    started = sorted(call.split(":")[0] for call in machine.calls())
    assert started == ["worker 0 of 2 on 4 of ?", "worker 1 of 2 on 6 of ?"]


def test_wrong_flags_of_training_are_told_once_before_any_worker_starts(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    done = machine.run("CPU", flags=["--batch", "2"])
    assert done.returncode == 2
    assert "did you mean '--batch_size'" in done.stderr and done.stderr.count("\n") == 1
    assert machine.calls() == []


def test_flags_of_evaluation_reach_its_workers(tmp_path):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    done = machine.run("CPU", "--program", "eval.py", flags=["--runtime", "openvino"])
    assert done.returncode == 0, done.stderr
    assert f"{ROOT}/eval.py --output_path out --runtime openvino --device_target CPU" in machine.calls()[0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--visible_devices", "0,1"), "visible_devices goes with device_target GPU or Ascend; got CPU"),
        (("--worker_num", "-1"), "worker_num is at least 1; got -1"),
        (("--worker_num", "0"), "worker_num is at least 1; got 0"),
    ],
)
def test_workers_that_cannot_be_meant_are_one_line_and_code_2(tmp_path, options, told):
    machine = Machine(tmp_path, ("msrun", MSRUN))
    done = machine.run("CPU", *options)
    assert (done.returncode, done.stderr, machine.calls()) == (2, f"error: {told}\n", [])
