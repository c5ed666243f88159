"""The device a process runs on, chosen the same way on every supported MindSpore version."""

from __future__ import annotations

import os

from src.errors import EnvironmentFault

OLDEST, NEWEST = (2, 0, 0), (2, 10, 0)
# Where msrun, a start by rank table and Open MPI leave the device of a worker.
LOCAL_DEVICE = ("DEVICE_ID", "OMPI_COMM_WORLD_LOCAL_RANK")


def import_mindspore():
    """Import MindSpore and return it; raise EnvironmentFault unless its version is a supported one."""
    # From 2.9 on, the CPU convolutions of machines with AVX-512 fall back to a reference kernel that is a hundred
    # times slower, unless oneDNN is kept to AVX2. It reads this before the first convolution.
    if _has_avx512() and _installed_version() >= (2, 9):
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    os.environ.setdefault("GLOG_v", "3")
    try:
        import mindspore
    except ImportError as error:
        raise EnvironmentFault(f"MindSpore cannot be imported ({error}): pip install -r requirements.txt") from error
    version = _numbers(mindspore.__version__)
    if not OLDEST <= version[:3] <= NEWEST:
        wanted = " to ".join(".".join(map(str, each)) for each in (OLDEST, NEWEST))
        raise EnvironmentFault(f"MindSpore {wanted} is supported; got {mindspore.__version__}")
    return mindspore


def start_device(device_target: str = "CPU", device_id: int = 0, seed: int | None = None) -> None:
    """Select the device for everything that follows in this process, in graph mode; seed it if a seed is given.

    Raises EnvironmentFault when MindSpore is missing or unsupported, or the device cannot be had.
    """
    mindspore = import_mindspore()
    try:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        met = (mindspore.get_context("device_target"), mindspore.get_context("device_id"))
        # A device can be chosen only before the first operator runs; choosing the same one again is no choice.
        if met != (device_target, device_id):
            _choose(mindspore, device_target, device_id)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise EnvironmentFault(f"{device_target} device {device_id} cannot be used here: {reason}") from error
    if seed is not None:
        mindspore.set_seed(seed)


def worker_device(recipe) -> int:
    """Return the device of this worker: the recipe's device_id, or what the launcher of a distributed run assigned."""
    if recipe.distribute and recipe.device_target != "CPU":
        for name in LOCAL_DEVICE:
            if name in os.environ:
                return int(os.environ[name])
    return recipe.device_id


def _choose(mindspore, device_target, device_id):
    if hasattr(mindspore, "set_device"):
        mindspore.set_device(device_target, device_id)
    else:
        mindspore.set_context(device_target=device_target, device_id=device_id)


def _has_avx512() -> bool:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as file:
            return "avx512" in file.read()
    except OSError:
        return False


def _installed_version() -> tuple:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return _numbers(version("mindspore"))
    except PackageNotFoundError:
        return (0, 0, 0)


def _numbers(version: str) -> tuple:
    digits = ("".join(c for c in part if c.isdigit()) or "0" for part in version.split(".")[:3])
    return tuple(int(each) for each in digits)
