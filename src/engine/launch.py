"""How the workers of a distributed run start on one machine: by msrun, by mpirun, or one by one by a rank table."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import sys
from pathlib import Path

from src.engine.rank_table import local_ranks, write_rank_table
from src.engine.watch import Job
from src.errors import EnvironmentFault

VISIBLE = {"GPU": "CUDA_VISIBLE_DEVICES", "Ascend": "ASCEND_RT_VISIBLE_DEVICES"}
DEVICE_FILES = {"GPU": "/proc/driver/nvidia/gpus/*", "Ascend": "/dev/davinci[0-9]*"}
CAUSES = {
    "GPU": "install the NVIDIA driver, until nvidia-smi lists a card",
    "Ascend": "install the Ascend driver, until npu-smi info lists a card",
}
CPU_WORKERS = 2
# Left over from another launcher, they would be taken for a worker's.
FOREIGN = ("MS_ROLE", "RANK_ID", "RANK_SIZE", "RANK_TABLE_FILE", "DEVICE_ID", "OMPI_COMM_WORLD_RANK")
# A worker's process becomes the program, so that what is watched is the worker itself.
MPI_WORKER = 'exec "$@" >"$MINDFRAMES_LOGS/worker_$OMPI_COMM_WORLD_RANK.log" 2>&1'


def count_devices(device_target: str) -> int:
    """Return how many devices this process sees, the CPU counting as two; raise EnvironmentFault when there is none."""
    if device_target == "CPU":
        return CPU_WORKERS
    named = os.environ.get(VISIBLE[device_target])
    found = [each for each in named.split(",") if each] if named is not None else glob.glob(DEVICE_FILES[device_target])
    if not found:
        where = f"in {VISIBLE[device_target]}={named}" if named is not None else f"as {DEVICE_FILES[device_target]}"
        raise EnvironmentFault(f"no {device_target} device {where}: {CAUSES[device_target]}, or take the CPU")
    return len(found)


def start_workers(command: list, device_target: str, count: int, folder: Path, rank_table: str = "") -> Job:
    """Start `count` workers that run `command`, a Python program with its arguments, and return them as a `Job`.

    folder: where their logs go. rank_table: a file of Ascend's collective communication; its workers of this machine
    are started, whatever the count. Raises EnvironmentFault where nothing is installed that could start them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment.update(PYTHONUNBUFFERED="1", PATH=_path(environment))
    if not rank_table:
        if msrun := shutil.which("msrun", path=environment["PATH"]):
            return _start_msrun(msrun, command, environment, count, folder)
        if device_target == "GPU":
            return _start_mpirun(command, environment, count, folder)
        if device_target == "CPU":
            raise EnvironmentFault(
                "workers on the CPU are started by msrun, which comes with MindSpore from 2.3 on; found none"
            )
        rank_table = str(write_rank_table(folder / "rank_table.json", count))
    return _start_ranks(command, environment, rank_table, folder)


def start_alone(commands: list, folder: Path) -> Job:
    """Start one worker for each command, a Python program with its arguments, that exchanges nothing with the others.

    folder: where their logs go. They share the cores that this process may use. Raises EnvironmentFault off Linux.
    """
    folder.mkdir(parents=True, exist_ok=True)
    job = Job(len(commands), folder)
    threads = max(len(os.sched_getaffinity(0)) // len(commands), 1)
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment.update(PYTHONUNBUFFERED="1", OMP_NUM_THREADS=str(threads))
    for rank, command in enumerate(commands):
        job.start([sys.executable, *command], environment, f"worker_{rank}.log", rank)
    return job


def _path(environment) -> str:
    # not resolved: the Python of a virtual environment is a link
    return os.pathsep.join((os.path.dirname(sys.executable), environment.get("PATH", os.defpath)))


def _start_msrun(msrun, command, environment, count, folder) -> Job:
    job = Job(count, folder)
    port = environment.get("MASTER_PORT") or _free_port()
    options = [f"--worker_num={count}", f"--local_worker_num={count}", f"--master_port={port}", f"--log_dir={folder}"]
    job.start([msrun, *options, "python3", *command], environment, "launcher.log")
    return job


def _start_mpirun(command, environment, count, folder) -> Job:
    mpirun = shutil.which("mpirun", path=environment["PATH"])
    if not mpirun:
        raise EnvironmentFault(
            "workers on GPUs are started by msrun, which comes with MindSpore from 2.3 on, or by mpirun of Open MPI; "
            "found none of them"
        )
    job = Job(count, folder)
    options = ["-n", str(count), *(["--allow-run-as-root"] if os.geteuid() == 0 else [])]
    worker = ["bash", "-c", MPI_WORKER, "worker", sys.executable, *command]
    job.start([mpirun, *options, *worker], {**environment, "MINDFRAMES_LOGS": str(folder.resolve())}, "launcher.log")
    return job


def _start_ranks(command, environment, rank_table, folder) -> Job:
    ranks, size = local_ranks(rank_table)
    job = Job(size, folder)
    for rank, device in ranks.items():
        place = {"RANK_TABLE_FILE": os.path.abspath(rank_table), "RANK_SIZE": str(size), "RANK_ID": str(rank)}
        worker = {**environment, **place, "DEVICE_ID": str(device)}
        job.start([sys.executable, *command], worker, f"worker_{rank}.log", rank)
    return job


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
