"""Which form of an operator a network is built with: the one place that asks which device runs.

Every operator of this package is a Cell with two bodies of equal meaning. The fused form calls the backend's own
operator; the portable form consists of Gather, arithmetic, Conv, MatMul, Concat, Reshape, Transpose and Slice alone,
so that MindSpore Lite, ONNX runtimes and Ascend cards without the fused kernels can run it. The form is settled when
the Cell is constructed: `with portable(): network = create_model(...)` builds a portable network on any device.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import mindspore

FUSED = "fused"
PORTABLE = "portable"

# The form a device gets when nobody asks for one. CPU: the faster one of `python scripts/bench.py ops`, whose ratios
# (of the fastest rounds: the machine was busy) stand beside each operator. GPU: the backend's kernels. Ascend:
# GridSample and DeformableConv2d exist on the A2 / A3 generations only (910B, 910C), so what depends on them is
# portable there and runs on every card.
DEVICE_FORMS = {
    "warp": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": PORTABLE},
    "resize": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "prelu": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": FUSED},
    "gelu": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "convolution_gradient": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": FUSED},
    "transposed_convolution": {"CPU": FUSED, "GPU": FUSED, "Ascend": FUSED},
    "convolution_3d": {"CPU": FUSED, "GPU": FUSED, "Ascend": PORTABLE},
    "deformable_convolution": {"CPU": PORTABLE, "GPU": FUSED, "Ascend": PORTABLE},
}

_requested: list[str] = []


def form_of(operator: str) -> str:
    """Return the form, `FUSED` or `PORTABLE`, in which `operator` is to be constructed now."""
    if _requested:
        return _requested[-1]
    return DEVICE_FORMS[operator][mindspore.get_context("device_target")]


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
