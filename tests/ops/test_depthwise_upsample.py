"""The upsampling of each channel in both forms against NumPy."""

import numpy as np
import pytest

from src.ops.depthwise_upsample import DepthwiseUpsampling
from tests import reference
from tests.ops.cases import FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(batch, channels, height, width):
    def normal(*shape):
        return RANDOM.normal(size=shape).astype(np.float32)

    return Case(
        lambda: DepthwiseUpsampling(channels),
        reference.depthwise_upsampling,
        (normal(batch, channels, height, width),),
        (normal(channels, 1, 4, 4),),
    )


CASES = {
    "odd_size_and_batch": _case(2, 3, 3, 5),
    "even_size": _case(1, 2, 4, 6),
    "one_column": _case(1, 2, 4, 1),
    "one_pixel": _case(2, 1, 1, 1),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_depthwise_upsampling_spreads_each_pixel_over_the_kernel_of_its_channel(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_depthwise_upsampling_gradients_by_input_and_weight(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])
