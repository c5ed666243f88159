"""Factors that make IFRNet's formula weights move pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def official_ifrnet_scales(shapes: Mapping[str, tuple]) -> dict[str, np.ndarray]:
    """Return the factors for `reference_weights`: flows of several pixels, a residual near 0.1, a time that matters.

    Args:
        shapes: shape of each parameter under its published name.
    """
    entry = "decoder4.convblock.0.0.weight"
    time_channel = np.ones((1, shapes[entry][1], 1, 1))
    time_channel[:, -1] = 6.0
    coarse = np.ones(shapes["decoder4.convblock.2.bias"])
    coarse[:4] = 2.0
    fine = np.array([0.5, 0.5, 0.5, 0.5, 0.7, 0.04, 0.04, 0.04])
    return {
        entry: time_channel,
        "decoder4.convblock.2.weight": coarse.reshape(1, -1, 1, 1),
        "decoder4.convblock.2.bias": coarse,
        "decoder1.convblock.2.weight": fine.reshape(1, -1, 1, 1),
        "decoder1.convblock.2.bias": fine,
    }
