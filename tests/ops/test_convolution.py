"""2-D convolution in both forms, which differ in training, against NumPy."""

import numpy as np
import pytest

from src.ops.convolution import Convolution2d
from tests.ops.cases import ALL_FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _convolved(x, weight, bias, stride):
    margin, kernel = weight.shape[2] // 2, weight.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("bchwkl,ockl->bohw", windows, weight) + bias.reshape(1, -1, 1, 1)


def _case(shape, out_channels, kernel=3, stride=1):
    in_channels = shape[1]
    weight = RANDOM.normal(size=(out_channels, in_channels, kernel, kernel)).astype(np.float32)
    bias = RANDOM.normal(size=out_channels).astype(np.float32)
    x = RANDOM.normal(size=shape).astype(np.float32)
    return Case(
        lambda: Convolution2d(in_channels, out_channels, kernel, stride).set_train(),
        lambda *arrays: _convolved(*arrays, stride),
        (x,),
        (weight, bias),
    )


CASES = {
    "kernel_3": _case((2, 3, 4, 6), 2),
    "kernel_7_of_a_batch": _case((2, 2, 5, 9), 3, kernel=7),
    "kernel_5_on_a_narrow_map": _case((1, 2, 6, 2), 3, kernel=5),
    "kernel_1": _case((2, 2, 3, 3), 2, kernel=1),
    "stride_2": _case((2, 2, 4, 6), 2, stride=2),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_convolution_keeps_the_size_at_stride_1(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_convolution_gradients_by_input_weight_and_bias(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])
