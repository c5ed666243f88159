"""The CUDA and cuDNN libraries of PyPI (requirements-gpu.txt), loaded before MindSpore looks for its GPU plug-in.

The plug-in needs libraries by name that a system without a CUDA toolkit does not find; those that are loaded already
satisfy it. Only the driver, libcuda.so.1, has to come from the machine.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from pathlib import Path

from src.errors import EnvironmentFault

# Folders of the nvidia package and their libraries, those that others need first.
LIBRARIES = (
    ("cuda_runtime", "libcudart.so.11.0"),
    ("cuda_nvrtc", "libnvrtc.so.11.2"),
    ("cublas", "libcublasLt.so.11"),
    ("cublas", "libcublas.so.11"),
    ("curand", "libcurand.so.10"),
    ("cufft", "libcufft.so.10"),
    ("cusparse", "libcusparse.so.11"),
    ("cusolver", "libcusolver.so.11"),
    ("cudnn", "libcudnn.so.8"),
)
# MindSpore asks CUDA_HOME/bin/nvcc for the version, and opens no plug-in without an answer.
CUDA_HOME = Path(__file__).resolve().parent / "cuda"
SYSTEM_RUNTIMES = ("libcudart.so.11.0", "libcudart.so.10.1")
DRIVER = "libcuda.so.1"


def check_gpu(device_id: int) -> None:
    """Raise EnvironmentFault, with the cause and the next step, unless the driver is there and knows the device."""
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError as error:
        raise EnvironmentFault(
            f"GPU device {device_id} cannot be used here: the NVIDIA driver is missing ({DRIVER} is not found); "
            "install it until nvidia-smi lists a card, or use --device_target CPU"
        ) from error
    count = ctypes.c_int(0)
    status = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if status or device_id >= count.value:
        met = f"its initialisation returns {status}" if status else f"it shows {count.value} cards"
        raise EnvironmentFault(
            f"GPU device {device_id} cannot be used here: the NVIDIA driver does not offer it ({met}); see nvidia-smi "
            "and CUDA_VISIBLE_DEVICES, or use --device_target CPU"
        )


def load_gpu_libraries() -> list[str]:
    """Load the libraries of the installed nvidia-*-cu11 packages; return their folders, or none.

    Has to run before MindSpore is imported. Raises EnvironmentFault when a part of them is missing or damaged, or there
    are none and the system has no CUDA of its own.
    """
    root = _packages()
    present = [root / part / "lib" / name for part, name in LIBRARIES] if root else []
    if not present:
        _check_system()
        return []
    for path in present:
        try:
            ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise EnvironmentFault(
                f"the CUDA library {path.name} cannot be loaded ({error}): pip install -r requirements-gpu.txt"
            ) from error
    folders = list(dict.fromkeys(str(path.parent) for path in present))
    # For what MindSpore starts itself: it reads the version off ldd, and compiles kernels.
    before = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(folders + [each for each in before if each not in ("", *folders)])
    os.environ["CUDA_HOME"] = str(CUDA_HOME)
    return folders


def _check_system() -> None:
    for name in SYSTEM_RUNTIMES:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return
    raise EnvironmentFault(
        f"the GPU needs the CUDA libraries, from PyPI or of the system ({' or '.join(SYSTEM_RUNTIMES)}); found none of "
        "them: pip install -r requirements-gpu.txt"
    )


def _packages() -> Path | None:
    found = importlib.util.find_spec("nvidia")
    places = found.submodule_search_locations if found else None
    for place in places or ():
        if any((Path(place) / part / "lib" / name).exists() for part, name in LIBRARIES):
            return Path(place)
    return None
