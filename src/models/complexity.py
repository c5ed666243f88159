"""How much a network computes in one run."""

import mindspore
import numpy as np
from mindspore import Tensor, nn

from src.models.flavr import TimeFusion
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from src.ops.deform_conv import DeformableConvolution
from src.ops.depthwise_upsample import DepthwiseUpsampling
from src.ops.upsample import TransposedConvolution

# An output value is the sum of as many products as its channel has weights.
GATHERING = (nn.Conv2d, Convolution3d, DeformableConvolution, TimeFusion)
# An input value is multiplied by all weights of its channel.
SPREADING = (TransposedConvolution, TransposedConvolution3d, DepthwiseUpsampling)


def example_inputs(network, height: int, width: int) -> list[np.ndarray]:
    """Return what a network of src/models takes: random frames (1, 3, height, width), the middle as time if it asks."""
    random = np.random.default_rng(1)
    inputs = [random.random((1, 3, height, width), np.float32) for _ in range(network.inputs)]
    return inputs + [np.full((1, 1, 1, 1), 0.5, np.float32)] * network.takes_time


def count_multiply_accumulates(network, height: int, width: int) -> int:
    """Return the multiply-accumulates of one run on frames of that size, which the network's multiple divides.

    Counted are the convolutions of every kind, by definition and not by form: each with its whole kernel at every
    pixel, as if there were no border. Biases, activations, warps, resizing and the interpolation of a deformable
    convolution are not. That is half of what PyTorch's counter calls FLOPs. Papers mean multiply-accumulates by that
    word, and some multiply a transposed convolution's kernel with what comes out, four times as many pixels.

    Runs the network once, outside of a graph, and leaves graph mode on.
    """
    counts, handles = [], []
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)  # before the hooks: 2.0 takes none in graph mode
    try:
        for _, cell in network.cells_and_names():
            if isinstance(cell, GATHERING + SPREADING):
                handles.append(cell.register_forward_hook(_counter(cell, counts)))
        network(*(Tensor(each) for each in example_inputs(network, height, width)))
    finally:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        for handle in handles:
            handle.remove()
    return sum(counts)


def _counter(cell, counts):
    products = int(np.prod(cell.weight.shape[1:]))
    gathers = isinstance(cell, GATHERING)

    def count(_, inputs, output):
        values = output if gathers else inputs[0]
        counts.append(products * int(np.prod(values.shape)))

    return count
