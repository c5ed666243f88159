"""Bilinear resizing in both forms and both conventions against NumPy."""

import numpy as np
import pytest

from src.ops.resize import Resize
from tests import reference
from tests.ops.cases import FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)
SIZES = {
    "doubled": ((2, 3, 3, 5), (6, 10)),
    "odd_to_odd": ((1, 2, 5, 7), (9, 11)),
    "shrunk": ((2, 2, 9, 7), (4, 3)),
    "one_axis_only": ((1, 2, 4, 6), (4, 9)),
    "from_one_pixel": ((1, 2, 1, 1), (3, 4)),
    "from_one_column": ((1, 2, 5, 1), (7, 3)),
    "to_one_pixel": ((1, 2, 4, 5), (1, 1)),
    "same_size": ((1, 2, 3, 4), (3, 4)),
}


class _Fixed(Resize):
    def __init__(self, size, align_corners):
        super().__init__(align_corners)
        self.size = size

    def construct(self, x):
        return super().construct(x, self.size)


def _case(name, align_corners):
    shape, size = SIZES[name]
    return Case(
        lambda: _Fixed(size, align_corners),
        lambda x: reference.resize(x, size, align_corners),
        (RANDOM.normal(size=shape).astype(np.float32),),
    )


CASES = {
    f"{convention}-{name}": _case(name, convention == "aligned")
    for convention in ("half_pixel", "aligned")
    for name in SIZES
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_resize_interpolates_between_pixel_centres(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_resize_gradients(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])
