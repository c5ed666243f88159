"""Exported ONNX files, run by OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault
from src.runtime.exported import Manifest, Session

SUFFIX = ".onnx"
_ELEMENT_TYPES = {"float32": "f32", "bfloat16": "bf16"}
_CONVOLUTIONS = ("Convolution", "GroupConvolution")
# The name of OpenVINO's attribute DisableFP16Compression: its CPU plugin computes such a node in float32.
_EXACT = "precise_0"


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
        core = openvino.Core()
        model = core.read_model(str(path))
        if precision != "float32":
            _keep_exact(model)
        compiled = core.compile_model(model, "CPU", settings)
    except RuntimeError as error:
        raise EnvironmentFault(f"openvino cannot load {path}: {error}") from error
    request = compiled.create_infer_request()
    names = [each["name"] for each in manifest.inputs]

    def run(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return request.infer(dict(zip(names, arrays)))[0].copy()

    return run


def _keep_exact(model):
    """Keep in float32 whatever says which pixels are gathered, and with which weights; and all differences.

    bfloat16 has 8 significant bits: a position beyond 256 would be wrong by a whole pixel, and nothing but rounding
    would be left of x - relu(x), of which a PReLU consists, where x is positive.
    """
    nodes = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    exact = set()
    waiting = [_sources(node)[1] for node in nodes.values() if node.get_type_name() == "Gather"]
    while waiting:
        name = waiting.pop()
        if name not in exact and nodes[name].get_type_name() not in _CONVOLUTIONS:
            exact.add(name)
            waiting.extend(_sources(nodes[name]))
    # what is computed of positions alone: the weights of the gathered pixels
    for name, node in nodes.items():
        varying = [each for each in _sources(node) if nodes[each].get_type_name() != "Constant"]
        if varying and exact.issuperset(varying) and node.get_type_name() not in _CONVOLUTIONS:
            exact.add(name)
    exact.update(name for name, node in nodes.items() if node.get_type_name() == "Subtract")
    for name in exact:
        nodes[name].get_rt_info()[_EXACT] = ""


def _sources(node):
    return [node.input_value(index).get_node().get_friendly_name() for index in range(node.get_input_size())]
