"""PReLU in both forms against NumPy, with positive, negative and zero slopes."""

import numpy as np
import pytest

from src.ops.prelu import PReLU
from tests import reference
from tests.ops.cases import ALL_FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)
SLOPES = np.array([0.25, -0.5, 0.0, 1.5], np.float32)


def _case(*shape, slopes=None):
    slopes = slopes or shape[1]
    # away from zero, where the derivative jumps
    x = RANDOM.normal(size=shape)
    x = (x + 0.1 * np.sign(x)).astype(np.float32)
    return Case(lambda: PReLU(slopes), reference.prelu, (x,), (SLOPES[:slopes],))


CASES = {
    "frames": _case(2, 4, 3, 5), "one_channel": _case(2, 1, 3, 3), "frames_in_time": _case(2, 3, 2, 3, 5),
    "one_slope_for_all_channels": _case(2, 3, 3, 5, slopes=1),
}  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_prelu_has_one_slope_a_channel(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_prelu_gradients_by_input_and_slope(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])


def test_slope_starts_at_the_given_value():
    np.testing.assert_array_equal(PReLU(3, 0.1).slope.asnumpy(), np.full(3, 0.1, np.float32))
