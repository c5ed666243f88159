"""The cost volume against NumPy; it has one form."""

import numpy as np
import pytest

from src.ops.correlation import CostVolume
from tests import reference
from tests.ops.cases import Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(shape, radius, stride):
    maps = tuple(RANDOM.normal(size=shape).astype(np.float32) for _ in range(2))
    return Case(lambda: CostVolume(radius, stride), lambda *x: reference.cost_volume(*x, radius, stride), maps)


CASES = {
    "odd_size_and_batch": _case((2, 3, 5, 7), 1, 1),
    "radius_three": _case((1, 2, 4, 6), 3, 1),
    "stride_two_odd": _case((2, 2, 5, 7), 2, 2),
    "stride_two_even": _case((1, 2, 4, 6), 3, 2),
    "one_column": _case((1, 2, 4, 1), 2, 1),
    "one_pixel": _case((1, 3, 1, 1), 3, 2),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ("portable",))


@pytest.mark.parametrize("name", CASES)
def test_cost_volume_is_the_mean_product_at_each_displacement(measured, name):
    assert_values(CASES[name], measured["portable", name])


@pytest.mark.parametrize("name", CASES)
def test_cost_volume_gradients_by_both_maps(measured, name):
    assert_gradients(CASES[name], measured["portable", name])
