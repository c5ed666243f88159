"""The brightness that super-resolution is measured on."""

import numpy as np

# Of R, G and B in [0, 1], on the scale 0 to 255: ITU-R BT.601 with studio swing, as Matlab's rgb2ycbcr computes Y.
_WEIGHTS = (65.481, 128.553, 24.966)
_BLACK = 16.0


def luma(image: np.ndarray) -> np.ndarray:
    """Return Y of an RGB image: (3, H, W) in [0, 1] -> (1, H, W) float32 in [16 / 255, 235 / 255], not rounded."""
    weighted = np.tensordot(np.array(_WEIGHTS), image.astype(np.float64), axes=1)
    return ((weighted + _BLACK) / 255).astype(np.float32)[None]
