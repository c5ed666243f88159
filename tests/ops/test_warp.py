"""Backward warping in both forms against NumPy: values, and gradients by frame and flow."""

import numpy as np
import pytest

from src.ops.warp import Warp
from tests import reference
from tests.ops.cases import ALL_FORMS, Case, assert_gradients, assert_values, between_pixels, measure

RANDOM = np.random.default_rng(0)


def _frame(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def _landing_on(targets, height, width):
    """Return the flow (1, 2, H, W) that lands on the given (x, y), one after the other, pixel by pixel."""
    y, x = np.mgrid[:height, :width]
    chosen = np.resize(np.array(targets, np.float32), (height * width, 2))
    chosen = chosen.T.reshape(2, height, width)
    return (chosen - np.stack([x, y]))[None].astype(np.float32)


def _far(shape):
    far = np.array([40.5, -1000.25, 1e6, -3e9], np.float32)
    return RANDOM.permutation(np.resize(far, np.prod(shape))).reshape(shape)


# whole pixels: the corners, the rims, one pixel outside of each, and an inner one of a 5 x 7 frame
WHOLE = [(0, 0), (6, 4), (0, 4), (6, 0), (-1, 2), (7, 2), (3, -1), (3, 5), (-1, -1), (7, 5), (3, 2)]
FLOWS = {
    "odd_size_and_batch": (_frame(2, 3, 5, 7), between_pixels(RANDOM, (2, 2, 5, 7), 3), ()),
    "even_size": (_frame(1, 1, 4, 6), between_pixels(RANDOM, (1, 2, 4, 6), 2), ()),
    "across_every_rim": (_frame(1, 2, 5, 7), between_pixels(RANDOM, (1, 2, 5, 7), 9), ()),
    "far_outside": (_frame(2, 2, 5, 7), _far((2, 2, 5, 7)), ()),
    "whole_pixels": (_frame(1, 2, 5, 7), _landing_on(WHOLE, 5, 7), (1,)),
    "no_motion": (_frame(2, 3, 3, 5), np.zeros((2, 2, 3, 5), np.float32), (1,)),
    "one_column": (_frame(2, 2, 5, 1), between_pixels(RANDOM, (2, 2, 5, 1), 2), ()),
    "one_row": (_frame(1, 2, 1, 5), between_pixels(RANDOM, (1, 2, 1, 5), 2), ()),
    "one_pixel": (_frame(1, 2, 1, 1), between_pixels(RANDOM, (1, 2, 1, 1), 1), ()),
}


def _case(padding, name):
    frame, flow, kinks = FLOWS[name]
    return Case(
        lambda: Warp(padding), lambda *x: reference.warp(*x, border=padding == "border"), (frame, flow), (), kinks
    )


CASES = {f"{padding}-{name}": _case(padding, name) for padding in ("border", "zeros") for name in FLOWS}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_warp_fetches_what_the_flow_points_to(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_warp_gradients_by_frame_and_flow(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])


@pytest.mark.parametrize("form", ALL_FORMS)
def test_no_motion_leaves_the_frame_alone(measured, form):
    frame, _, _ = FLOWS["no_motion"]
    np.testing.assert_allclose(measured[form, "border-no_motion"].output, frame, atol=2e-6)


def test_unknown_padding_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'border' or 'zeros'; got 'reflection'"):
        Warp("reflection")
