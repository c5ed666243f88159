"""Half precision reaches every convolution and nothing else."""

from contextlib import nullcontext

import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from src.ops import backend
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from src.ops.convolution import Convolution2d
from src.ops.precision import halve_convolutions, store_half
from src.ops.upsample import TransposedConvolution

FORMS = {"default": nullcontext, "fused": backend.fused, "portable": backend.portable}
KINDS = {
    "flat": (lambda: Convolution2d(3, 2), (2, 3, 5, 7)),
    "kernel_7": (lambda: Convolution2d(3, 2, 7), (2, 3, 5, 7)),
    "transposed": (lambda: TransposedConvolution(3, 2), (2, 3, 5, 7)),
    "3d": (lambda: Convolution3d(3, 2), (1, 3, 2, 33, 32)),
    "transposed_3d": (lambda: TransposedConvolution3d(3, 2), (1, 3, 2, 5, 7)),
}
EXACT = 2048.0  # whole numbers up to here are exact in half precision


class Flat(nn.Cell):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 1, has_bias=True, weight_init="ones", bias_init="ones")

    def construct(self, x):
        return self.layer(x)


def test_a_convolution_rounds_to_half_precision_and_its_bias_does_not():
    network = Flat()
    x = np.array([EXACT + 1, EXACT + 2, 0.1], np.float32).reshape(1, 1, 1, 3)
    np.testing.assert_array_equal(network(Tensor(x)).asnumpy(), x + 1)
    network = Flat()
    names = [name for name, _ in network.parameters_and_names()]
    assert halve_convolutions(network) == 1
    assert [name for name, _ in network.parameters_and_names()] == names
    halved = network(Tensor(x)).asnumpy()
    assert halved.dtype == np.float32
    np.testing.assert_array_equal(halved, x.astype(np.float16).astype(np.float32) + 1)
    assert halved[0, 0, 0, 0] == EXACT + 1  # 2049 became 2048, and the bias of 1 was added in single precision


@pytest.mark.parametrize("form", [backend.fused, backend.portable])
@pytest.mark.parametrize("kind", ["transposed", "3d"])
def test_our_own_convolutions_are_reached_in_both_forms_with_their_gradients(form, kind):
    rng = np.random.default_rng(0)
    with form():
        if kind == "transposed":
            networks, shape = [TransposedConvolution(3, 2, "ones", "zeros") for _ in range(2)], (2, 3, 5, 7)
        else:
            networks, shape = [Convolution3d(3, 2) for _ in range(2)], (2, 3, 4, 5, 7)
    assert halve_convolutions(networks[1]) >= 1
    for network in networks:
        network.weight.set_data(Tensor(np.random.default_rng(1).normal(size=network.weight.shape).astype(np.float32)))
    x = Tensor(rng.normal(size=shape).astype(np.float32))
    single, half = (network(x).asnumpy() for network in networks)
    assert 0 < np.abs(single - half).max() < 4e-3 * np.abs(single).max()
    gradients = [ops.GradOperation(get_by_list=True)(network, network.trainable_params())(x) for network in networks]
    for exact, rounded in zip(*gradients):
        assert rounded.asnumpy().dtype == np.float32
        np.testing.assert_allclose(rounded.asnumpy(), exact.asnumpy(), atol=4e-3 * np.abs(exact.asnumpy()).max())


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_stored_halves_compute_in_single_precision(kind, form, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(backend.library, "is_available", lambda: False)
    build, shape = KINDS[kind]
    with FORMS[form]():
        exact, stored = (build().set_train(False) for _ in range(2))
    random = np.random.default_rng(0)
    weight = random.normal(size=exact.weight.shape).astype(np.float16)
    exact.weight.set_data(Tensor(weight.astype(np.float32)))
    stored.weight.set_data(Tensor(weight.astype(np.float32)))
    # phases of a transposed convolution are made by a matrix product, which keeps single precision
    assert store_half(stored) == (not kind.startswith("transposed"))
    x = Tensor(random.normal(size=shape).astype(np.float32))
    np.testing.assert_allclose(stored(x).asnumpy(), exact(x).asnumpy(), rtol=1e-5, atol=1e-5)
