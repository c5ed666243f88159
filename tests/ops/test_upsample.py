"""The transposed convolution in both forms against NumPy."""

import numpy as np
import pytest

from src.ops.upsample import TransposedConvolution
from tests import reference
from tests.ops.cases import ALL_FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(batch, in_channels, out_channels, height, width):
    def normal(*shape):
        return RANDOM.normal(size=shape).astype(np.float32)

    return Case(
        lambda: TransposedConvolution(in_channels, out_channels),
        reference.transposed_convolution,
        (normal(batch, in_channels, height, width),),
        (normal(in_channels, out_channels, 4, 4), normal(out_channels)),
    )


CASES = {
    "odd_size_and_batch": _case(2, 3, 5, 3, 5),
    "even_size": _case(1, 2, 3, 4, 6),
    "one_column": _case(1, 2, 2, 4, 1),
    "one_pixel": _case(2, 1, 1, 1, 1),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_transposed_convolution_spreads_each_pixel_over_its_kernel(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_transposed_convolution_gradients_by_input_weight_and_bias(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])
