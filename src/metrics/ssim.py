"""Structural similarity."""

import cv2
import numpy as np

_WINDOW = 11
_SIGMA = 1.5


def ssim_volume(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the structural similarity with a Gaussian window over height, width and colour channels.

    prediction, truth: (3, H, W) in [0, 1]. The 11 x 11 x 11 window (sigma 1.5) also spans the channels, and edges are
    repeated on all three axes: the measure of IFRNet's and FLAVR's evaluations, which gives higher values than that
    of each channel by itself. Wang et al., "Image quality assessment", IEEE TIP 2004.
    """
    a, b = prediction.astype(np.float64), truth.astype(np.float64)
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a**2
    variance_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(numerator / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))))


def _gaussian() -> np.ndarray:
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    return weights / weights.sum()


def _blur(volume: np.ndarray) -> np.ndarray:
    kernel = _gaussian()
    planes = [cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REPLICATE) for plane in volume]
    depth = len(planes)
    mixing = np.zeros((depth, depth))
    for channel in range(depth):
        sources = np.clip(channel + np.arange(_WINDOW) - _WINDOW // 2, 0, depth - 1)
        np.add.at(mixing[channel], sources, kernel)
    return np.tensordot(mixing, np.stack(planes), axes=1)
