"""Frames are padded as published evaluations pad them, and the result is cropped back."""

import numpy as np
import pytest

from src.runtime.margins import WithMargins

FRAMES = np.random.RandomState(0).rand(2, 3, 21, 38).astype(np.float32)


class Seeing:
    """A predictor that keeps the frames it is given, and returns the first one, enlarged."""

    inputs, timestep = 2, "fixed"

    def __init__(self, scale=1):
        self.scale = scale
        self.seen = []

    def __call__(self, frames, times):
        self.seen.append(frames)
        return np.stack([frames[0].repeat(self.scale, 1).repeat(self.scale, 2) for _ in times])


@pytest.mark.parametrize(
    "options, margins, mode",
    [
        ({"multiple": 20, "both_sides": True}, ((9, 10), (1, 1)), "edge"),
        ({"multiple": 16}, ((0, 11), (0, 10)), "edge"),
        ({"size": (30, 40), "zeros": True}, ((0, 9), (0, 2)), "constant"),
        ({"size": (10, 40), "multiple": 7, "both_sides": True}, ((0, 0), (2, 2)), "edge"),
        ({}, ((0, 0), (0, 0)), "edge"),
    ],
)
@pytest.mark.parametrize("scale", [1, 4])
def test_the_padding_is_seen_and_cut_off_again(options, margins, mode, scale):
    inner = Seeing(scale)
    predicted = WithMargins(inner, **options)(FRAMES, [0.5, 0.7])
    np.testing.assert_array_equal(inner.seen[0], np.pad(FRAMES, ((0, 0), (0, 0), *margins), mode=mode))
    np.testing.assert_array_equal(predicted[1], FRAMES[0].repeat(scale, 1).repeat(scale, 2))


def test_the_same_frames_are_the_same_to_the_predictor_too():
    inner = Seeing()
    padded = WithMargins(inner, multiple=16)
    padded(FRAMES, [0.25])
    padded(FRAMES, [0.5])
    padded(FRAMES.copy(), [0.5])
    assert inner.seen[0] is inner.seen[1] and inner.seen[1] is not inner.seen[2]
