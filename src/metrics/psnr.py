"""Peak signal-to-noise ratio, in the three ways that published evaluations compute it."""

import math

import numpy as np

_FLOOR = 1e-8


def psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return -10 log10 of the mean squared error over all values, in dB; infinity for equal pictures.

    prediction, truth: arrays of one shape in [0, 1], not rounded (as IFRNet's evaluation has it).
    """
    error = np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return math.inf if error == 0 else -10 * math.log10(error)


def psnr_floored(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the PSNR in dB with 1e-8 added to the mean squared error, so at most 80, as FLAVR's evaluation has it.

    prediction, truth: arrays of one shape, the truth in [0, 1]; the prediction may leave that range.
    """
    error = np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return -10 * math.log10(error + _FLOOR)


def psnr_single(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Return the PSNR in dB computed in single precision on the scale 0 to 255, as MMagic's evaluation has it.

    prediction, truth: arrays of one shape in [0, 1]. Infinity for equal pictures.
    """
    scaled, true = (np.float32(255) * image.astype(np.float32) for image in (prediction, truth))
    error = ((scaled - true) ** 2).mean()
    return math.inf if error == 0 else float(20 * np.log10(255 / np.sqrt(error)))
