"""Structural similarity: Wang et al., "Image quality assessment", IEEE TIP 2004, with two kinds of window."""

import cv2
import numpy as np

_WINDOW = 11
_SIGMA = 1.5
_REACH = _WINDOW // 2


def ssim_volume(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the structural similarity with a Gaussian window over height, width and colour channels.

    prediction, truth: (channels, H, W) in [0, 1]. The 11 x 11 x 11 window (sigma 1.5) also spans the channels, and
    edges are repeated on all three axes: the measure of IFRNet's and FLAVR's evaluations, which gives higher values
    than that of each channel by itself.
    """
    return float(np.mean(_similarity(prediction.astype(np.float64), truth.astype(np.float64), _blur_volume)))


def ssim_planes(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean structural similarity of the channels, each with an 11 x 11 Gaussian window (sigma 1.5).

    prediction, truth: (channels, H, W) in [0, 1], H and W at least 11. Only windows that lie in the picture count, as
    in the authors' Matlab code and MMagic's evaluation.
    """
    planes = zip(prediction.astype(np.float64), truth.astype(np.float64))
    return float(np.mean([np.mean(_similarity(a, b, _blur_valid)) for a, b in planes]))


def _similarity(a, b, blur):
    mean_a, mean_b = blur(a), blur(b)
    variance_a = blur(a * a) - mean_a**2
    variance_b = blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return numerator / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))


def _gaussian() -> np.ndarray:
    offsets = np.arange(_WINDOW) - _REACH
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    return weights / weights.sum()


def _blur_volume(volume: np.ndarray) -> np.ndarray:
    kernel = _gaussian()
    planes = [cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REPLICATE) for plane in volume]
    depth = len(planes)
    mixing = np.zeros((depth, depth))
    for channel in range(depth):
        sources = np.clip(channel + np.arange(_WINDOW) - _REACH, 0, depth - 1)
        np.add.at(mixing[channel], sources, kernel)
    return np.tensordot(mixing, np.stack(planes), axes=1)


def _blur_valid(plane: np.ndarray) -> np.ndarray:
    kernel = _gaussian()
    return cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel)[_REACH:-_REACH, _REACH:-_REACH]
