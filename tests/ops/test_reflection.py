"""Reflection padding against NumPy."""

from functools import partial

import numpy as np
import pytest

from src.ops.reflection import ReflectionPadding
from tests import reference
from tests.ops.cases import Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)


def _case(padding, *shape):
    frame = RANDOM.normal(size=shape).astype(np.float32)
    return Case(lambda: ReflectionPadding(padding), partial(reference.reflection_padding, padding=padding), (frame,))


CASES = {
    "odd_size_and_batch": _case(3, 2, 3, 7, 5),
    "smallest_size": _case(3, 1, 2, 4, 4),
    "one_pixel": _case(1, 1, 1, 3, 2),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, forms=("portable",))


@pytest.mark.parametrize("name", CASES)
def test_padding_mirrors_around_the_edge_pixel(measured, name):
    assert_values(CASES[name], measured["portable", name])


@pytest.mark.parametrize("name", CASES)
def test_padding_returns_gradients_to_the_mirrored_pixels(measured, name):
    assert_gradients(CASES[name], measured["portable", name])
