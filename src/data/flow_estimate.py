"""Optical flow without a network."""

from __future__ import annotations

import cv2
import numpy as np


def estimate_flow(target: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Estimate the flow from the target to a frame by dense inverse search (Kroeger et al., 2016).

    Both images are (h, w, 3) uint8 RGB; the flow is (2, h, w) float32, in pixels.
    """
    grey_target, grey_frame = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (target, frame))
    # An estimator keeps buffers and is not safe to share between the loader's threads.
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return search.calc(grey_target, grey_frame, None).transpose(2, 0, 1)
