"""tOF, how far the motion of an enlarged clip is from the true motion."""

import cv2
import numpy as np

from src.errors import InputError

# Farnebäck's flow as the measure's authors call it: pyramid scale, levels, window, iterations, neighbourhood, sigma.
_FLOW = (0.5, 3, 15, 3, 5, 1.2, 0)
_BLOCK, _MARGIN = 32, 16


def flow_difference(before: np.ndarray, after: np.ndarray, true_before: np.ndarray, true_after: np.ndarray) -> float:
    """Return the mean distance, in pixels, of the flow between two predicted frames from that between the true ones.

    All four: (3, H, W) RGB in [0, 1], rounded to 8 bits here, H and W at least 48. The flow is Farnebäck's dense one
    (OpenCV) of the grey pictures; the central part counts, whose sides are multiples of 32 at least 16 pixels shorter
    than the picture's. Chu et al., "Learning temporal coherence via self-supervision for GAN-based video generation"
    (TecoGAN), ACM TOG 2020. Raises InputError for smaller frames.
    """
    height, width = (side - _MARGIN - (side - _MARGIN) % _BLOCK for side in before.shape[1:])
    if min(height, width) <= 0:
        raise InputError(f"tOF needs frames of at least 48 x 48 pixels; got {before.shape[1]} x {before.shape[2]}")
    top, left = (full - side for full, side in zip(before.shape[1:], (height, width)))
    predicted, true = (
        cv2.calcOpticalFlowFarneback(_grey(first), _grey(second), None, *_FLOW)[
            top // 2 : top // 2 + height, left // 2 : left // 2 + width
        ]
        for first, second in ((before, after), (true_before, true_after))
    )
    return float(np.sqrt(((true - predicted) ** 2).sum(axis=-1)).mean())


def _grey(image):
    levels = np.rint(np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)
    return cv2.cvtColor(np.ascontiguousarray(levels.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY)
