"""A frame on its way from the source to the network and back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Placed:
    """A frame of a video: (H, W, 3) uint8 RGB, its time in seconds, and the number of the scene it belongs to."""

    pixels: np.ndarray
    time: Fraction
    scene: int = 0

    @cached_property
    def network(self) -> np.ndarray:
        """The frame as (3, H, W) float32 in [0, 1]."""
        return to_network(self.pixels)


def to_network(frame: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8 as (3, H, W) float32 in [0, 1]."""
    return frame.transpose(2, 0, 1).astype(np.float32) / np.float32(255)


def to_pixels(predicted: np.ndarray) -> np.ndarray:
    """Return (3, H, W) as (H, W, 3) uint8, clipped to [0, 1] and rounded to the nearest level."""
    return np.ascontiguousarray(np.rint(np.clip(predicted, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
