"""Factors that make LiteFlowNet's formula weights move pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def official_liteflownet_scales(shapes: Mapping[str, tuple]) -> dict[str, float | np.ndarray]:
    """Return the factors for `reference_weights`: flows of about a pixel at each level, filters that prefer some taps.

    Args:
        shapes: shape of each parameter under its published name.
    """
    scales = {}
    for name in shapes:
        if "moduleScale" in name and name.endswith("weight"):
            scales[name] = 4.0
        elif "moduleDist" in name:
            scales[name] = 2.0
        elif "moduleMatching" in name and "moduleMain.6" in name:
            scales[name] = 2.0
        elif name.endswith("moduleUpcorr.weight"):
            scales[name] = 2.0
    return scales
