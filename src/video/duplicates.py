"""Frames that only repeat the one before, as in animation drawn on twos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import cv2
import numpy as np

from src.video.frames import white_of

BLOCK = 8  # pixels: side of the blocks whose means are compared, over which noise of an encoder averages out
SAME = 2.0  # levels of 255 that the mean of no block of a repeated frame differs by


def is_duplicate(frame_a: np.ndarray, frame_b: np.ndarray) -> bool:
    """Tell whether two frames, (H, W, 3) uint8 or uint16 RGB of equal size, show the same but for noise."""
    height, width = frame_a.shape[:2]
    size = (-(-width // BLOCK), -(-height // BLOCK))
    means = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.int32) for frame in (frame_a, frame_b)]
    return bool(np.abs(means[0] - means[1]).max() <= SAME * white_of(frame_a.dtype) / 255)


def without_duplicates(
    frames: Iterable[tuple[Fraction, np.ndarray]], longest_gap: int
) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Leave out frames, given as (time, frame), that repeat the last one yielded.

    Never `longest_gap` of them in a row, and never the last of all.
    """
    latest = passed_over = None
    gap = 1
    for frame in frames:
        if latest is not None and gap < longest_gap and is_duplicate(latest[1], frame[1]):
            passed_over, gap = frame, gap + 1
            continue
        yield frame
        latest, passed_over, gap = frame, None, 1
    if passed_over is not None:
        yield passed_over
