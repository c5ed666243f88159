"""The pixel shuffle against NumPy; it has one form."""

import numpy as np
import pytest

from src.ops.pixel_shuffle import PixelShuffle
from tests import reference
from tests.ops.cases import Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(shape, factor):
    x = RANDOM.normal(size=shape).astype(np.float32)
    return Case(lambda: PixelShuffle(factor), lambda x: reference.pixel_shuffle(x, factor), (x,))


CASES = {"two": _case((2, 8, 3, 5), 2), "three": _case((1, 18, 2, 1), 3)}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ("portable",))


@pytest.mark.parametrize("name", CASES)
def test_pixel_shuffle_puts_each_group_of_channels_into_a_block_of_pixels(measured, name):
    assert_values(CASES[name], measured["portable", name])


@pytest.mark.parametrize("name", CASES)
def test_pixel_shuffle_gradient_by_input(measured, name):
    assert_gradients(CASES[name], measured["portable", name])
