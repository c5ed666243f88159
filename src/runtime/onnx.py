"""Exported ONNX files, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault
from src.runtime.exported import Manifest, Session

SUFFIX = ".onnx"
PROVIDERS = {
    "CPU": "CPUExecutionProvider",
    "CUDA": "CUDAExecutionProvider",
    "TensorRT": "TensorrtExecutionProvider",
    "CANN": "CANNExecutionProvider",
}
PROVIDER_OF_DEVICE = {"CPU": "CPU", "GPU": "CUDA", "Ascend": "CANN"}


def open_onnxruntime(
    path: Path, manifest: Manifest, device_target: str = "CPU", device_id: int = 0, provider: str = ""
) -> Session:
    """Load an ONNX file into onnxruntime and return what runs it.

    provider: one of `PROVIDERS`, "" for that of the device. Raises EnvironmentFault when onnxruntime is missing, or has
    not this provider, or cannot start it, or cannot load the file.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EnvironmentFault(f"onnxruntime is missing: pip install -r requirements-runtimes.txt ({error})") from error
    chosen = provider or PROVIDER_OF_DEVICE[device_target]
    there = onnxruntime.get_available_providers()
    if PROVIDERS[chosen] not in there:
        raise EnvironmentFault(
            f"this onnxruntime has not the provider {PROVIDERS[chosen]}, only {', '.join(there)}: "
            "onnxruntime-gpu has CUDA and TensorRT, onnxruntime-cann has CANN"
        )
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    where = {"device_id": device_id} if chosen != "CPU" else {}
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=[(PROVIDERS[chosen], where)])
    except Exception as error:  # noqa: B902 onnxruntime has a class of its own for each failure, and no common one
        raise EnvironmentFault(f"onnxruntime cannot load {path}: {error}") from error
    running = session.get_providers()
    if running[0] != PROVIDERS[chosen]:  # it goes on without the one that was asked for, and says so to its log alone
        raise EnvironmentFault(
            f"onnxruntime cannot start the provider {PROVIDERS[chosen]}, only {', '.join(running)}: its libraries, its "
            "driver or the device are missing"
        )
    names = [each["name"] for each in manifest.inputs]

    def run(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return session.run(None, dict(zip(names, arrays)))[0]

    return run
