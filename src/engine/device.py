"""The device a process runs on, chosen the same way on every supported MindSpore version."""

from __future__ import annotations

import glob
import os
import re

from src.engine.gpu_libraries import check_gpu, load_gpu_libraries
from src.errors import EnvironmentFault

OLDEST, NEWEST = (2, 0, 0), (2, 10, 0)
ASCEND_DEVICES = "/dev/davinci[0-9]*"
NEXT_STEPS = {
    "GPU": "pip install -r requirements-gpu.txt brings the CUDA libraries",
    "Ascend": "install CANN and source its set_env.sh",
}
# Where msrun, a start by rank table and Open MPI leave the device of a worker.
LOCAL_DEVICE = ("DEVICE_ID", "OMPI_COMM_WORLD_LOCAL_RANK")


def import_mindspore():
    """Import MindSpore and return it; raise EnvironmentFault unless its version is a supported one."""
    # From 2.9 on, the CPU convolutions of machines with AVX-512 fall back to a reference kernel that is a hundred
    # times slower, unless oneDNN is kept to AVX2. It reads this before the first convolution.
    if _has_avx512() and _installed_version() >= (2, 9):
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    # The threads of compiled operators look for work for some microseconds only, not on and on, on the cores that
    # MindSpore's own wait for: a step of IFRNet takes 0.8x the time. It is read when the first operator is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
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


def start_device(
    device_target: str = "CPU",
    device_id: int = 0,
    seed: int | None = None,
    deterministic: bool = False,
    memory_limit: float = 0,
    compile_cache: str = "",
) -> None:
    """Select the device for everything that follows in this process, in graph mode; seed it if a seed is given.

    deterministic: repeat results bit by bit where the device has such kernels. memory_limit: device memory in GB, 0 for
    all of it. compile_cache: folder that keeps compiled graphs for the next start.
    Raises EnvironmentFault when MindSpore is missing or unsupported, or the device cannot be had.
    """
    if device_target == "GPU":
        check_gpu(device_id)
        load_gpu_libraries()
    if compile_cache:
        os.environ.update(MS_COMPILER_CACHE_ENABLE="1", MS_COMPILER_CACHE_PATH=compile_cache)
    mindspore = import_mindspore()
    try:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        met = (mindspore.get_context("device_target"), mindspore.get_context("device_id"))
        # A device can be chosen only before the first operator runs; choosing the same one again is no choice.
        if met != (device_target, device_id):
            _choose(mindspore, device_target, device_id)
        if deterministic:
            _repeat_results(mindspore)
        if memory_limit:
            _limit_memory(mindspore, memory_limit)
    except (RuntimeError, ValueError) as error:
        raise EnvironmentFault(
            f"{device_target} device {device_id} cannot be used here: {_reason(device_target, str(error))}"
        ) from error
    if seed is not None:
        mindspore.set_seed(seed)


def worker_device(recipe) -> int:
    """Return the device of this worker: the recipe's device_id, or what the launcher of a distributed run assigned."""
    if recipe.distribute and recipe.device_target != "CPU":
        for name in LOCAL_DEVICE:
            if name in os.environ:
                return int(os.environ[name])
    return recipe.device_id


def can_sink(device_target: str) -> bool:
    """Return whether a device takes many batches at once from the dataset's queue, and reports after all of them."""
    return device_target in ("GPU", "Ascend")


def _choose(mindspore, device_target, device_id):
    if hasattr(mindspore, "set_device"):
        mindspore.set_device(device_target, device_id)
    else:
        mindspore.set_context(device_target=device_target, device_id=device_id)


def _repeat_results(mindspore):
    if hasattr(mindspore, "set_deterministic"):
        mindspore.set_deterministic(True)
    else:
        mindspore.set_context(deterministic="ON")


def _limit_memory(mindspore, gigabytes):
    if hasattr(mindspore, "runtime"):
        # the pool grows by these steps, which may not pass the limit
        step = f"{min(gigabytes, 2.0):g}GB"
        mindspore.runtime.set_memory(step, step, f"{gigabytes:g}GB")
    else:
        mindspore.set_context(max_device_memory=f"{gigabytes:g}GB")


def _reason(device_target, message) -> str:
    """Return what a failed choice of device comes from, in one line, with the next step."""
    cause = next(iter(message.strip().splitlines()), "no reason is told")
    if device_target == "Ascend" and not glob.glob(ASCEND_DEVICES):
        return f"no card ({ASCEND_DEVICES} is not there); install the Ascend driver until npu-smi info lists one"
    plugin = re.search(rf"libmindspore_{device_target.lower()}\S* failed\. (.*)", message)
    if plugin:
        cause = f"its plug-in does not load ({plugin.group(1).strip()})"
    return f"{cause}; {NEXT_STEPS[device_target]}" if device_target in NEXT_STEPS else cause


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
