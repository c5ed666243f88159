"""Exported ONNX files, run by OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault
from src.runtime.exported import Manifest, Session

SUFFIX = ".onnx"
_ELEMENT_TYPES = {"float32": "f32", "bfloat16": "bf16"}


def open_openvino(path: Path, manifest: Manifest, precision: str = "float32") -> Session:
    """Load an ONNX file into OpenVINO and return what runs it.

    precision: "float32", or "bfloat16" for multiplications in it where the processor has it.
    Raises EnvironmentFault when OpenVINO is missing, or cannot load the file.
    """
    try:
        import openvino
    except ImportError as error:
        raise EnvironmentFault(f"openvino is missing: pip install -r requirements-runtimes.txt ({error})") from error
    # Without the hint OpenVINO takes bfloat16 wherever the processor has it.
    settings = {"INFERENCE_PRECISION_HINT": _ELEMENT_TYPES[precision], "PERFORMANCE_HINT": "LATENCY"}
    try:
        compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    except RuntimeError as error:
        raise EnvironmentFault(f"openvino cannot load {path}: {error}") from error
    request = compiled.create_infer_request()
    names = [each["name"] for each in manifest.inputs]

    def run(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return request.infer(dict(zip(names, arrays)))[0].copy()

    return run
