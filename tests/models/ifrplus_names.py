"""The factors that keep the formula weights of IFR+ in range, by published name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def official_ifrplus_scales(shapes: Mapping[str, tuple]) -> dict[str, np.ndarray]:
    """Return the factors for `reference_weights`: flows of a few pixels, offsets of about one, a frame within [0, 1].

    Every second slope of the PReLU that opens each decoder is negative, and so is one of the grid's.

    Args:
        shapes: shape of each parameter under its published name.
    """
    scales = {
        "generator.refiner.mfsn.row_1_2.0.weight": np.array(-1.0),
        "generator.refiner.mfsn.row_1_out.3.weight": np.array(0.03),
        "generator.refiner.mfsn.row_1_out.3.bias": np.array(0.5),
        "generator.comb_block.2.weight": np.array(0.05),
    }
    for name, shape in shapes.items():
        if name.endswith("convblock.0.1.weight"):
            scales[name] = np.where(np.arange(shape[0]) % 2, -1.0, 1.0)
        elif name.endswith((".conv_offset.weight", ".conv_offset.0.weight")):
            scales[name] = np.array(0.3)
        elif name.endswith(".mlp.grn.weight"):
            scales[name] = np.array(0.3)
        elif name.endswith(".mlp.fc2.weight"):
            scales[name] = np.array(0.5)
        elif name.endswith("upsample.weight"):
            scales[name] = np.array(0.7)
    fine = np.concatenate([np.ones(55), np.full(15, 0.04)])
    scales["generator.decoder1.upsample.weight"] = 0.5 * fine.reshape(1, -1, 1, 1)
    return scales
