"""Test-time augmentation: the mean over views that NumPy turns and turns back on its own."""

import numpy as np
import pytest

from src.runtime.ensemble import FLIP, FULL, Ensemble

# Matrices (rows, columns) that the eight views multiply coordinates by: the symmetries of the square.
QUARTERS = [((1, 0), (0, 1)), ((0, 1), (-1, 0)), ((-1, 0), (0, -1)), ((0, -1), (1, 0))]
SQUARE = [*QUARTERS, *(((a, -b), (c, -d)) for (a, b), (c, d) in QUARTERS)]


class Shifting:
    """A linear network: frames weighed by time, seen through a kernel that favours one direction."""

    inputs, outputs, scale, timestep = 2, 1, 1, "arbitrary"
    kernel = np.array([[0.0, 0.1, 0.0], [0.5, 0.2, 0.15], [0.0, 0.05, 0.0]], np.float32)

    def __init__(self):
        self.shapes = []

    def __call__(self, frames, times):
        assert frames.flags.c_contiguous
        self.shapes.append(frames.shape[2:])
        blurred = convolved(frames, self.kernel)
        return np.stack([(1 - time) ** 2 * blurred[0] + time * blurred[1] for time in times]).astype(np.float32)


def convolved(frames, kernel):
    """Return frames (..., H, W) with weights kernel[1 + y, 1 + x] of the neighbour at (y, x), black outside."""
    padded = np.pad(frames, [(0, 0)] * (frames.ndim - 2) + [(1, 1), (1, 1)])
    height, width = frames.shape[-2:]
    return sum(
        kernel[1 + y, 1 + x] * padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width]
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
    )


def symmetric(kernel, views):
    """Return the mean of a kernel moved by matrices of the square: what the mean of the views amounts to."""
    total = np.zeros_like(kernel)
    for (a, b), (c, d) in views:
        for y in (-1, 0, 1):
            for x in (-1, 0, 1):
                total[1 + a * y + b * x, 1 + c * y + d * x] += kernel[1 + y, 1 + x]
    return total / len(views)


@pytest.fixture
def frames():
    return np.random.RandomState(2).rand(2, 3, 6, 9).astype(np.float32)


def test_the_kernel_of_this_network_is_changed_by_every_view():
    seen = {symmetric(Shifting.kernel, [view]).tobytes() for view in SQUARE}
    assert len(set(SQUARE)) == len(seen) == 8


def test_flip_is_the_mean_with_the_mirror_image(frames):
    network = Shifting()
    predicted = Ensemble(network, FLIP)(frames, [0.25, 0.5])
    blurred = convolved(frames, symmetric(Shifting.kernel, [((1, 0), (0, 1)), ((1, 0), (0, -1))]))
    expected = [0.75**2 * blurred[0] + 0.25 * blurred[1], 0.25 * blurred[0] + 0.5 * blurred[1]]
    np.testing.assert_allclose(predicted, expected, atol=1e-6)
    assert len(network.shapes) == 2 and predicted.dtype == np.float32


def test_full_is_the_mean_of_eight_images_in_both_orders(frames):
    network = Shifting()
    predicted = Ensemble(network, FULL)(frames, [0.25])
    first, second = convolved(frames, symmetric(Shifting.kernel, SQUARE))
    expected = ((0.75**2 * first + 0.25 * second) + (0.25**2 * second + 0.75 * first)) / 2
    np.testing.assert_allclose(predicted[0], expected, atol=1e-6)
    assert sorted(network.shapes) == [(6, 9)] * 8 + [(9, 6)] * 8


def test_enlarged_frames_are_turned_back_at_their_size():
    class Larger(Shifting):
        inputs, scale = 3, 2

        def __call__(self, frames, times):
            self.shapes.append(frames.shape[2:])
            return convolved(frames[1:2].repeat(2, axis=2).repeat(2, axis=3), self.kernel)

    network, frames = Larger(), np.random.RandomState(3).rand(3, 3, 5, 7).astype(np.float32)
    predicted = Ensemble(network, FULL)(frames, [0.5])
    larger = frames[1].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(predicted[0], convolved(larger, symmetric(Shifting.kernel, SQUARE)), atol=1e-6)
    assert len(network.shapes) == 8, "a frame in the middle of its window is the same in both orders"


def test_several_samples_are_given_on_together(frames):
    class Together(Shifting):
        batch_size, given = 5, []

        def together(self, samples):
            self.given.append(len(samples))
            return [self(*sample) for sample in samples]

    ensemble = Ensemble(Together(), FLIP)
    assert ensemble.batch_size == 5
    samples = [(frames, [0.5]), (frames[::-1], [0.25, 0.75])]
    for sample, predicted in zip(samples, ensemble.together(samples)):
        np.testing.assert_allclose(predicted, Ensemble(Shifting(), FLIP)(*sample), atol=1e-6)
    assert Together.given == [2, 2]


def test_one_view_that_is_no_picture_spoils_the_mean(frames):
    class Broken(Shifting):
        def __call__(self, frames, times):
            predicted = super().__call__(frames, times)
            return predicted * np.nan if len(self.shapes) == 2 else predicted

    assert np.isnan(Ensemble(Broken(), FLIP)(frames, [0.5])).all()
