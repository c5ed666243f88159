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
SMALLEST = 11  # pixels, the window of SSIM
CEILING = 100.0  # dB: stands for the infinity of equal pictures, so that one still frame does not hide the others


def measure(prediction: np.ndarray, truth: np.ndarray, protocol) -> dict[str, float]:
    """Return psnr and ssim, and interpolation_error where the protocol has it, as the protocol says.

    prediction, truth: (3, H, W) RGB, the truth in [0, 1]. protocol: a `Protocol` of src.protocols. PSNR is at most
    `CEILING`. Raises InputError when the two differ in size, or too little is left of them to measure.
    """
    if prediction.shape != truth.shape:
        sizes = (" x ".join(map(str, image.shape[1:])) for image in (prediction, truth))
        raise InputError("the true frame needs the {} pixels of the predicted one; got {}".format(*sizes))
    if min(truth.shape[1:]) - 2 * protocol.crop < SMALLEST:
        told = f"{SMALLEST} pixels a side without borders of {protocol.crop}"
        raise InputError(f"a frame needs at least {told}; got {truth.shape[1]} x {truth.shape[2]}")
    counted, clipped = (_counted(image, protocol, protocol.rounded) for image in (prediction, _clip(prediction)))
    true = _counted(truth, protocol, False)
    scores = {
        "psnr": min(PSNR_VARIANTS[protocol.psnr](clipped if protocol.clipped else counted, true), CEILING),
        "ssim": SSIM_VARIANTS[protocol.ssim](clipped, true),
    }
    if protocol.interpolation_error:
        scores["interpolation_error"] = interpolation_error(clipped, true)
    return scores


def _clip(image):
    return np.clip(image, 0, 1)


def _counted(image, protocol, rounded):
    """Return the part and the channels of an image that count."""
    if rounded:
        image = np.rint(image * np.float32(255)) / np.float32(255)
    height, width = image.shape[1:]
    image = image[:, protocol.crop : height - protocol.crop, protocol.crop : width - protocol.crop]
    return luma(image) if protocol.channel == "y" else image
