"""The window around each pixel against NumPy; it has one form."""

import numpy as np
import pytest

from src.ops.neighbours import Neighbours
from tests import reference
from tests.ops.cases import Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(shape, kernel):
    x = RANDOM.normal(size=shape).astype(np.float32)
    return Case(lambda: Neighbours(kernel), lambda x: reference.neighbours(x, kernel), (x,))


CASES = {"three": _case((2, 2, 3, 5), 3), "seven_on_a_smaller_map": _case((1, 1, 4, 2), 7)}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ("portable",))


@pytest.mark.parametrize("name", CASES)
def test_neighbours_are_the_window_around_each_pixel_with_zeros_outside(measured, name):
    assert_values(CASES[name], measured["portable", name])


@pytest.mark.parametrize("name", CASES)
def test_neighbours_gradient_by_input(measured, name):
    assert_gradients(CASES[name], measured["portable", name])
