"""Which form of an operator a network is built with: the one place that asks which device runs.

Every operator of this package is a Cell with two bodies of equal meaning. The fused form calls the backend's own
operator; the portable form consists of Gather, arithmetic, Conv, MatMul, Concat, Reshape, Transpose and Slice alone,
so that MindSpore Lite, ONNX runtimes and Ascend cards without the fused kernels can run it. Some have a third one for
the CPU, compiled on the machine from the C++ of `compiled`: faster, never exported, and not there everywhere. The form
is settled when the Cell is constructed: `with portable(): network = create_model(...)` builds a portable network on
any device.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import mindspore

from src.ops.compiled import library

FUSED = "fused"
PORTABLE = "portable"
COMPILED = "compiled"

# The form a device gets when nobody asks for one. CPU: the faster one of `python scripts/bench.py ops`, whose ratios
# (of the fastest rounds: the machine was busy) stand beside each operator. GPU: the backend's kernels. Ascend:
# GridSample and DeformableConv2d exist on the A2 / A3 generations only (910B, 910C), so what depends on them is
# portable there and runs on every card.
DEVICE_FORMS = {
    "warp": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": PORTABLE},
    "resize": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "prelu": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": FUSED},
    "batch_norm": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "gelu": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "convolution": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": FUSED},
    "transposed_convolution": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "depthwise_upsampling": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": FUSED},
    "convolution_3d": {"CPU": FUSED, "GPU": FUSED, "Ascend": PORTABLE},
    "deformable_convolution": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": PORTABLE},
}

# Those that have a compiled form, which is the CPU's where it is there.
COMPILED_OPERATORS = ("warp", "prelu", "convolution", "transposed_convolution", "convolution_3d", "batch_norm")

_requested: list[str] = []


def form_of(operator: str) -> str:
    """Return the form, `FUSED`, `PORTABLE` or `COMPILED`, in which `operator` is to be constructed now."""
    requested = _requested[-1] if _requested else None
    if requested in (FUSED, PORTABLE):
        return requested
    device = mindspore.get_context("device_target")
    if operator in COMPILED_OPERATORS and device == "CPU" and (requested or library.is_available()):
        return COMPILED
    return DEVICE_FORMS[operator][device]


def default_forms() -> str:
    """Return in words what operators are built in when nobody asks for a form, and why not in the compiled one."""
    device = mindspore.get_context("device_target")
    if device != "CPU":
        return f"chosen for {device}"
    reason = library.why_not()
    return f"MindSpore's own, for {reason}" if reason else "compiled for this CPU"


@contextmanager
def _request(form: str) -> Iterator[None]:
    _requested.append(form)
    try:
        yield
    finally:
        _requested.pop()


def portable():
    """Return a context in which every operator is constructed in its portable form."""
    return _request(PORTABLE)


def fused():
    """Return a context in which every operator is constructed in its fused form."""
    return _request(FUSED)


def compiled():
    """Return a context in which every operator that has a compiled form is constructed in it, the rest as by default.

    Where there are no compiled operators, their construction raises CannotCompile (src/ops/compiled/library.py).
    """
    return _request(COMPILED)
