"""Bicubic resizing against its definition, pixel by pixel, and against published data's own enlargement."""

import numpy as np
import pytest
from mindspore import Tensor

from src.ops.bicubic import BicubicResize, bicubic_matrix
from tests import reference
from tests.ops.cases import Case, assert_gradients, assert_values, measure
from tests.reference_weights import reference_frames
from tests.stored_numbers import assert_stored, stored

RANDOM = np.random.default_rng(0)
SIZES = {
    "four_times": ((2, 2, 3, 5), (12, 20)),
    "odd_to_odd": ((1, 2, 5, 7), (9, 11)),
    "a_quarter": ((1, 2, 16, 12), (4, 3)),
    "slightly_smaller": ((1, 1, 9, 7), (7, 6)),
    "mirrored_more_than_once": ((1, 2, 1, 2), (4, 8)),
    "same_size": ((1, 2, 3, 4), (3, 4)),
}


class _Fixed(BicubicResize):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def construct(self, x):
        return super().construct(x, self.size)


def _case(name):
    shape, size = SIZES[name]
    return Case(
        lambda: _Fixed(size),
        lambda x: reference.bicubic(x, size),
        (RANDOM.normal(size=shape).astype(np.float32),),
    )


CASES = {name: _case(name) for name in SIZES}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, forms=("portable",))


@pytest.mark.parametrize("name", CASES)
def test_resize_is_keys_interpolation_with_mirrored_edges(measured, name):
    assert_values(CASES[name], measured["portable", name])


@pytest.mark.parametrize("name", CASES)
def test_resize_gradients(measured, name):
    assert_gradients(CASES[name], measured["portable", name])


def test_enlargement_is_that_of_the_published_super_resolution_data():
    numbers = stored("toflow_vsr.npz")
    small = reference_frames((2, 3, 8, 12), 7, 3)[3]
    enlarged = _Fixed((32, 48))(Tensor(small)).asnumpy()
    assert_stored(np.clip(enlarged, 0, 1), numbers, "enlarged", 2e-6)


def test_doubling_places_keys_weights_of_a_quarter_pixel():
    # Keys' kernel at 1.75, 0.75, 0.25 and 1.25 pixels
    np.testing.assert_array_equal(bicubic_matrix(8, 16)[7, 1:6] * 128, np.array([0, -9, 111, 29, -3], np.float32))
