"""Drawn weights: what they make is a picture, and each of the kernels shows in it."""

import mindspore
import numpy as np
import pytest
from mindspore import Tensor

from scripts.drawn_weights import drawn_weights
from src.engine.checkpoint import load_weights
from src.export.golden import golden_inputs
from src.models import create_model
from src.runtime.exported import TOLERANCE

SLOW = ("ifrnet_l", "flavr_2x", "flavr_4x", "flavr_8x", "toflow_vsr_x4", "tdan_x4", "ifrplus")


@pytest.mark.parametrize(
    "name", ["toflow_vfi", "ifrnet", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_every_kernel_shows_in_a_picture_that_is_neither_grey_nor_saturated(tmp_path, name):
    drawn_weights(name, tmp_path / "weights.ckpt")
    assert mindspore.get_context("mode") == mindspore.GRAPH_MODE
    network = create_model(name).set_train(False)
    load_weights(network, tmp_path / "weights.ckpt", name)
    inputs = [Tensor(array) for array in golden_inputs(network, 1, (32, 48))]

    def predicted():
        return network(*inputs).asnumpy()

    frame = predicted()
    assert 0.05 < frame.std() < 0.5 and np.mean((frame <= 0) | (frame >= 1)) < 0.1
    kernels = [each for each in network.get_parameters() if each.ndim > 3]
    assert kernels
    for kernel in kernels:
        kept = kernel.asnumpy().copy()
        kernel.set_data(Tensor(np.zeros_like(kept)))
        assert np.abs(predicted() - frame).max() > TOLERANCE, kernel.name
        kernel.set_data(Tensor(kept))
