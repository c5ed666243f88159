"""SSIM with the 3-D window, against a direct sum over the whole window."""

import numpy as np
import pytest

from src.metrics.ssim import ssim_volume


def direct_ssim(a, b):
    """Sum over all 11^3 neighbours, edges repeated, in float64."""
    offsets = np.arange(-5, 6)
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    line /= line.sum()
    window = line[:, None, None] * line[None, :, None] * line[None, None, :]

    def blur(volume):
        padded = np.pad(volume, 5, mode="edge")
        return np.array(
            [
                [[(padded[c : c + 11, y : y + 11, x : x + 11] * window).sum() for x in range(volume.shape[2])]
                 for y in range(volume.shape[1])]
                for c in range(volume.shape[0])
            ]
        )

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = blur(a), blur(b)
    variance_a, variance_b, covariance = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    structure = (2 * covariance + 9e-4) / (variance_a + variance_b + 9e-4)
    return (luminance * structure).mean()


def test_equals_the_direct_sum_at_an_odd_size():
    random = np.random.RandomState(3)
    truth = random.rand(3, 13, 17).astype(np.float32)
    prediction = np.clip(truth + 0.1 * random.randn(3, 13, 17), 0, 1).astype(np.float32)
    assert ssim_volume(prediction, truth) == pytest.approx(direct_ssim(prediction, truth), abs=1e-10)


def test_equal_pictures_are_1():
    picture = np.random.RandomState(0).rand(3, 12, 9)
    assert ssim_volume(picture, picture) == pytest.approx(1.0, abs=1e-12)
