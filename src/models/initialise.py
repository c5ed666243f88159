"""Starting weights other than a published network's own."""

from __future__ import annotations

import numpy as np
from mindspore import Tensor

PRELU_SLOPE = 0.25


def initialise(network, how: str, seed: int) -> None:
    """Draw the weights to start from: "he" for `he_normal`, "published" leaves those the network was made with."""
    if how == "he":
        he_normal(network, seed)


def he_normal(network, seed: int) -> None:
    """Draw a network's kernels by He's rule for PReLU, its biases zero, so that signals keep their size in depth.

    Kernels named in the network's `initial_scales` (a mapping from the end of a name to a factor, or to one factor for
    each output channel) are scaled by it: branches and heads that should start small. Normalisations and slopes stay.
    He et al., "Delving Deep into Rectifiers", ICCV 2015, equation 15.
    """
    random = np.random.RandomState(seed)
    for name, parameter in network.parameters_and_names():
        shape = parameter.shape
        if name.endswith("bias"):
            parameter.set_data(Tensor(np.zeros(shape, np.float32)))
        elif len(shape) >= 4:
            deviation = np.sqrt(2 / ((1 + PRELU_SLOPE**2) * np.prod(shape[1:])))
            kernel = random.standard_normal(shape) * deviation * _scale(network, name, shape)
            parameter.set_data(Tensor(kernel.astype(np.float32)))


def _scale(network, name, shape):
    for ending, factor in network.initial_scales.items():
        if name.endswith(ending):
            # the output channels of a transposed convolution are its second axis
            return np.asarray(factor).reshape(1, -1, *[1] * (len(shape) - 2))
    return 1.0
