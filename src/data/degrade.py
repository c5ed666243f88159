"""How the field makes small frames from large ones, x4: BI and BD, on uint8 RGB, rounded to 8 bits."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from src.ops.bicubic_matrix import bicubic_matrix

SCALE = 4
SIGMA = 1.6
TAPS = 12
# Large pixels, a multiple of SCALE, beyond which a pixel has no influence on a small one.
REACH = 12


def bicubic_quarter(image: np.ndarray) -> np.ndarray:
    """Shrink (4 h, 4 w, 3) uint8 to (h, w, 3) uint8 as Matlab's imresize(image, 1/4) does: the degradation BI."""
    height, width, channels = image.shape
    rows, columns = _quarter_matrix(height), _quarter_matrix(width)
    shrunk = rows @ image.reshape(height, -1).astype(np.float32)
    shrunk = columns @ shrunk.reshape(height // SCALE, width, channels)
    return _to_bytes(shrunk)


def gaussian_quarter(image: np.ndarray) -> np.ndarray:
    """Shrink (4 h, 4 w, 3) uint8 to (h, w, 3) uint8 by a Gaussian blur and every fourth pixel: the degradation BD.

    Sigma is 1.6; the 12 taps along each axis lie around the centre of the 4 x 4 pixels that become one, so that the
    small frame has the half-pixel grid of BI and of the published Vid4 BDx4. Edge pixels are repeated.
    """
    distance = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.exp(-(distance**2) / (2 * SIGMA**2))
    taps /= taps.sum()
    # anchored at the tap left of the centre, and every fourth pixel from the second on
    anchor = (TAPS // 2 - 1, TAPS // 2 - 1)
    blurred = cv2.sepFilter2D(image, cv2.CV_32F, taps, taps, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return _to_bytes(blurred[1::SCALE, 1::SCALE])


DEGRADATIONS = {"BI": bicubic_quarter, "BD": gaussian_quarter}


def quarter(image: np.ndarray, kind: str) -> np.ndarray:
    """Shrink (h, w, 3) uint8 by 4 with the named degradation; raises ValueError unless both sides divide by 4."""
    if image.shape[0] % SCALE or image.shape[1] % SCALE:
        raise ValueError(f"x{SCALE} needs sides divisible by {SCALE}; got {image.shape[0]} x {image.shape[1]}")
    return DEGRADATIONS[kind](image)


@functools.lru_cache(maxsize=16)
def _quarter_matrix(side):
    return bicubic_matrix(side, side // SCALE)


def _to_bytes(image):
    return np.clip(np.floor(image + 0.5), 0, 255).astype(np.uint8)
