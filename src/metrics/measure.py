"""What a protocol measures of one predicted frame."""

from __future__ import annotations

import numpy as np

from src.errors import InputError
from src.metrics.interpolation_error import interpolation_error
from src.metrics.luma import luma
from src.metrics.psnr import psnr, psnr_floored, psnr_single
from src.metrics.ssim import ssim_planes, ssim_volume

PSNR_VARIANTS = {"double": psnr, "single": psnr_single, "floored": psnr_floored}
SSIM_VARIANTS = {"volume": ssim_volume, "planes": ssim_planes}
CEILING = 100.0  # dB: stands for the infinity of equal pictures, so that one still frame does not hide the others


def measure(prediction: np.ndarray, truth: np.ndarray, protocol) -> dict[str, float]:
    """Return psnr and ssim, and interpolation_error where the protocol has it, as the protocol says.

    prediction, truth: (3, H, W) RGB, the truth in [0, 1]. protocol: has channel ("rgb" or "y"), crop (pixels left out
    at each border), rounded, psnr and ssim (keys of the tables above), interpolation_error.
    Raises InputError when the two differ in size, or nothing is left of them to measure.
    """
    if prediction.shape != truth.shape:
        sizes = (" x ".join(map(str, image.shape[1:])) for image in (truth, prediction))
        raise InputError("the true frame needs the size of the predicted one; got {} for {}".format(*sizes))
    clipped, unclipped = (_prepared(image, protocol) for image in (np.clip(prediction, 0, 1), prediction))
    true = _prepared(truth, protocol, rounded=False)
    if min(true.shape[1:]) < 11:
        raise InputError(f"a frame needs at least 11 pixels a side without its borders; got {true.shape[1:]}")
    scores = {
        "psnr": min(PSNR_VARIANTS[protocol.psnr](unclipped, true), CEILING),
        "ssim": SSIM_VARIANTS[protocol.ssim](clipped, true),
    }
    if protocol.interpolation_error:
        scores["interpolation_error"] = interpolation_error(clipped, true)
    return scores


def _prepared(image, protocol, rounded=None):
    if protocol.rounded if rounded is None else rounded:
        image = np.rint(image * np.float32(255)) / np.float32(255)
    if protocol.channel == "y":
        image = luma(image)
    height, width = image.shape[1:]
    return image[:, protocol.crop : height - protocol.crop, protocol.crop : width - protocol.crop]
