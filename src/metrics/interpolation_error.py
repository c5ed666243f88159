"""Interpolation error, Middlebury's measure of an interpolated frame."""

import numpy as np


def interpolation_error(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean absolute difference over all values on the scale 0 to 255, both pictures rounded to 8 bits.

    prediction, truth: arrays of one shape in [0, 1]; as IFRNet's evaluation of Middlebury's other sequences has it.
    Baker et al., "A database and evaluation methodology for optical flow", IJCV 2011.
    """
    scaled, true = (np.rint(255 * image.astype(np.float32)).astype(np.float64) for image in (prediction, truth))
    return float(np.mean(np.abs(scaled - true)))
