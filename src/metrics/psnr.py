"""Peak signal-to-noise ratio."""

import math

import numpy as np


def psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return -10 log10 of the mean squared error over all values, in dB; infinity for equal pictures.

    prediction, truth: arrays of one shape in [0, 1], not rounded (as IFRNet's and FLAVR's evaluations have it).
    """
    error = np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return math.inf if error == 0 else -10 * math.log10(error)
