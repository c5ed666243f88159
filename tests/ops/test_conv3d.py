"""The 3-D convolutions in both forms against NumPy."""

from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
from mindspore import Tensor, ops

from src.ops.compiled import library
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from tests import reference
from tests.ops.cases import ALL_FORMS, REQUESTS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def _convolution(shape, out_channels, kernel, stride=1, bias=True):
    parameters = (_normal(out_channels, shape[1], *kernel),)
    if bias:
        parameters = (*parameters, _normal(out_channels))
    return Case(
        lambda: Convolution3d(shape[1], out_channels, kernel, stride, bias),
        partial(reference.convolution_3d, stride=stride),
        (_normal(*shape),),
        parameters,
    )


def _transposed(shape, out_channels):
    return Case(
        lambda: TransposedConvolution3d(shape[1], out_channels),
        reference.transposed_convolution_3d,
        (_normal(*shape),),
        (_normal(shape[1], out_channels, 3, 4, 4), _normal(out_channels)),
    )


_WEIGHT = _normal(3, 2, 3, 3, 3)
CASES = {
    "odd_size_and_batch": _convolution((2, 3, 4, 5, 3), 2, (3, 3, 3)),
    "stem_with_stride": _convolution((1, 2, 4, 6, 4), 2, (3, 7, 7), stride=2, bias=False),
    "stride_on_odd_sizes": _convolution((2, 2, 3, 5, 7), 3, (3, 3, 3), stride=2),
    "one_tap_with_stride": _convolution((2, 2, 4, 6, 4), 3, (1, 1, 1), stride=2, bias=False),
    "gate_of_one_pixel": _convolution((2, 3, 1, 1, 1), 3, (1, 1, 1)),
    "single_frame": _convolution((1, 2, 1, 3, 4), 2, (3, 3, 3)),
    "transposed_odd_size_and_batch": _transposed((2, 3, 4, 3, 5), 2),
    "transposed_one_pixel_two_frames": _transposed((1, 2, 2, 1, 1), 3),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_convolution_mixes_time_height_and_width_by_its_kernel(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_convolution_gradients_by_input_weight_and_bias(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])


def test_gradient_by_products_is_that_of_the_backends_convolution(monkeypatch):
    monkeypatch.setattr(library, "is_available", lambda: False)
    x, weights = Tensor(_normal(2, 2, 3, 32, 33)), Tensor(_normal(2, 3, 3, 32, 33))
    gradients = []
    for form in (nullcontext, REQUESTS["fused"]):
        with form():
            network = Convolution3d(2, 3)
        network.weight.set_data(Tensor(_WEIGHT))
        differentiated = ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
        by_input, by_weights = differentiated(network, network.trainable_params())(x, weights)
        gradients.append([each.asnumpy() for each in (*by_input, *by_weights)])
    assert network.trains_by_products is False
    for ours, backends in zip(*gradients):
        np.testing.assert_allclose(ours, backends, rtol=1e-4, atol=1e-4)
