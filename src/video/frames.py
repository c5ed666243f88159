"""A frame on its way from the source to the network and back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import cv2
import numpy as np


@dataclass(frozen=True)
class Placed:
    """A frame of a video: (H, W, 3) RGB, its time in seconds, and the number of the scene it belongs to."""

    pixels: np.ndarray
    time: Fraction
    scene: int = 0

    @cached_property
    def network(self) -> np.ndarray:
        """The frame as (3, H, W) float32 in [0, 1]."""
        return to_network(self.pixels)


def kind_of(depth: int) -> np.dtype:
    """Return the kind of numbers in frames of 8 or 16 bits."""
    return np.dtype(np.uint8 if depth == 8 else np.uint16)


def chosen_depth(wanted: str, bits: int) -> int:
    """Return the bits of frames, 8 or 16, of a source of so many where "auto", "8" or "10" is wanted.

    16 hold what 10 and 12 tell: how many of them are written is a matter of the result.
    """
    if wanted == "auto":
        return 16 if bits > 8 else 8
    return 8 if wanted == "8" else 16


def white_of(kind: np.dtype) -> int:
    """Return the level of white: 255 in frames of uint8, 65535 in those of uint16."""
    return int(np.iinfo(kind).max)


def brightness(frame: np.ndarray) -> float:
    """Return the mean of a frame, (H, W, 3) uint8 or uint16, from 0 for black to 1 for white."""
    return float(frame.mean() / white_of(frame.dtype))


def to_network(frame: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8 or uint16 as (3, H, W) float32 in [0, 1]."""
    planes = np.stack(cv2.split(frame)).astype(np.float32)  # several times as fast as transposing in NumPy
    planes /= np.float32(white_of(frame.dtype))
    return planes


def to_pixels(predicted: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return (3, H, W) as (H, W, 3) uint8 or uint16, clipped to [0, 1] and rounded to the nearest level."""
    levels = np.rint(np.clip(predicted, 0, 1) * np.float32(white_of(kind)))
    return cv2.merge(list(levels.astype(kind)))


def in_depth(frame: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return the levels of a frame, uint8 or uint16, in the other of these kinds, rounded; the same if it is that."""
    if frame.dtype == kind:
        return frame
    if kind == np.uint16:
        return frame.astype(np.uint16) * 257
    return ((frame.astype(np.uint32) + 128) // 257).astype(np.uint8)
