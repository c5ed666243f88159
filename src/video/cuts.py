"""Hard cuts: two neighbouring frames that show different scenes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import cv2
import numpy as np

from src.video.frames import Placed, in_depth

CUT_SCORE = 0.14
THUMBNAIL = (64, 36)
HISTOGRAM_BINS = (8, 4, 8)
STEADY = 1.5  # two steps lead at least so many times as far as one where a change is steady
FLASH = 0.5  # a frame is a flash when those around it are less than this part as unlike as it is to them


class Signature:
    """What two frames are compared by: a thumbnail and its histogram of hue, saturation and value."""

    def __init__(self, frame: np.ndarray):
        self.thumbnail = in_depth(cv2.resize(frame, THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)
        hsv = cv2.cvtColor(self.thumbnail, cv2.COLOR_RGB2HSV)
        self.histogram = cv2.calcHist([hsv], [0, 1, 2], None, HISTOGRAM_BINS, [0, 180, 0, 256, 0, 256])

    def distance(self, other: Signature) -> float:
        """Return the mean absolute difference of the thumbnails, 0 to 1."""
        return cv2.absdiff(self.thumbnail, other.thumbnail).mean() / 255

    def score(self, other: Signature) -> float:
        """Rate how unlike two frames are, as `cut_score` does."""
        colours = np.abs(self.histogram - other.histogram).sum() / (2 * THUMBNAIL[0] * THUMBNAIL[1])
        return float(np.sqrt(self.distance(other) * colours))


def cut_score(frame_a: np.ndarray, frame_b: np.ndarray) -> float:
    """Rate how unlike two frames are, 0 to 1: the geometric mean of a pixel and a histogram distance.

    Frames are (h, w, 3) uint8 or uint16 RGB of equal size. The pixel distance is the mean absolute difference of
    thumbnails, the histogram distance half the L1 distance of their HSV histograms. Fast motion raises the first alone
    and a change of light mostly the second; a cut raises both.
    """
    return Signature(frame_a).score(Signature(frame_b))


def is_cut(frame_a: np.ndarray, frame_b: np.ndarray) -> bool:
    """Tell whether a hard cut lies between two neighbouring frames, (h, w, 3) RGB of equal size."""
    return cut_score(frame_a, frame_b) > CUT_SCORE


def in_scenes(frames: Iterable[tuple[Fraction, np.ndarray]], find_cuts: bool = True) -> Iterator[Placed]:
    """Number the scenes of a video, given as (time, frame); without `find_cuts` all of it is one scene.

    One frame of another look, a flash, is no cut: the frames on both sides of it are alike. Nor is a step of a steady
    change, as in a fade: the next step leads as far again. For that one frame beyond the yielded one is read.
    """
    if not find_cuts:
        yield from (Placed(pixels, time) for time, pixels in frames)
        return
    scene = 0
    before = first = None  # signatures of the two frames yielded last
    waiting = None  # the frame after them, until the one that follows it is known
    for time, pixels in frames:
        coming = (pixels, time, Signature(pixels))
        if first is None:
            first = coming[2]
            yield Placed(pixels, time, scene)
            continue
        if waiting is not None:
            scene += _cut_between(before, first, waiting[2], coming[2])
            yield Placed(*waiting[:2], scene)
            before, first = first, waiting[2]
        waiting = coming
    if waiting is not None:
        scene += _cut_between(before, first, waiting[2], None)
        yield Placed(*waiting[:2], scene)


def _cut_between(before, first, second, after) -> bool:
    score = first.score(second)
    if score <= CUT_SCORE:
        return False
    if after is not None and (first.score(after) < FLASH * score or _is_steady(first, second, after)):
        return False
    return before is None or not (before.score(second) < FLASH * score or _is_steady(second, first, before))


def _is_steady(first, second, third) -> bool:
    """Tell three frames that change step by step in one direction from those that only differ."""
    step = first.distance(second)
    return second.distance(third) > step / 2 and first.distance(third) > STEADY * step
