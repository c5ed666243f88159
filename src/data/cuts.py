"""Hard cuts: two neighbouring frames that show different scenes."""

from __future__ import annotations

import cv2
import numpy as np

CUT_SCORE = 0.14
THUMBNAIL = (64, 36)
HISTOGRAM_BINS = (8, 4, 8)


def cut_score(frame_a: np.ndarray, frame_b: np.ndarray) -> float:
    """Rate how unlike two frames are, 0 to 1: the geometric mean of a pixel and a histogram distance.

    Frames are (h, w, 3) uint8 RGB of equal size. The pixel distance is the mean absolute difference of thumbnails, the
    histogram distance half the L1 distance of their HSV histograms. Fast motion raises the first alone and a change
    of light mostly the second; a cut raises both.
    """
    thumbnails = [cv2.resize(frame, THUMBNAIL, interpolation=cv2.INTER_AREA) for frame in (frame_a, frame_b)]
    pixels = cv2.absdiff(*thumbnails).mean() / 255
    histograms = [
        cv2.calcHist([cv2.cvtColor(each, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, HISTOGRAM_BINS, [0, 180, 0, 256, 0, 256])
        for each in thumbnails
    ]
    colours = np.abs(histograms[0] - histograms[1]).sum() / (2 * THUMBNAIL[0] * THUMBNAIL[1])
    return float(np.sqrt(pixels * colours))


def is_cut(frame_a: np.ndarray, frame_b: np.ndarray) -> bool:
    """Tell whether a hard cut lies between two neighbouring frames, (h, w, 3) uint8 RGB of equal size."""
    return cut_score(frame_a, frame_b) > CUT_SCORE
