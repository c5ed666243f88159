"""Factors that keep TDAN's formula weights in range."""

from __future__ import annotations

from collections.abc import Mapping


def official_tdan_scales(shapes: Mapping[str, tuple]) -> dict[str, float]:
    """Return the factors for `reference_weights`: offsets of one to two pixels, aligned frames and output within 1.

    Args:
        shapes: shape of each parameter under its published (MMagic) name.
    """
    scales = {"to_rgb.weight": 0.2, "reconstruct.4.weight": 0.1}
    for name in shapes:
        if name.endswith("conv2.weight"):
            scales[name] = 0.3
        elif name.endswith("conv_offset.weight"):
            scales[name] = 0.8
    return scales
