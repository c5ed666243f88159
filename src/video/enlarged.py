"""Frames made larger before new ones are made between them: super-resolution and interpolation in one pass.

Enlarging comes first: each frame of the source is enlarged once, however many new ones follow it, from a window of true
frames alone, and what is new is made of all their detail. The other way round every new frame costs a run of the
network that enlarges, the costlier of the two, and half of each of its windows is invented. What speaks for it, that
motion keeps to the lengths that networks know, is had by estimating it at the size of the source (src/video/stages.py):
measured on four real clips, with bicubic enlargement for the first network, new frames are then as near to the true
ones as the other way round, within 0.3 dB. An estimate at full size takes four times as long, and loses up to 4 dB
where things move fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from src.runtime import Predictor
from src.video.frames import Placed, to_network
from src.video.pipeline import Tally, check_enlarging, enlarge
from src.video.windows import windows


def enlarged(frames: Iterable[Placed], predictor: Predictor, tally: Tally) -> Iterator[Placed]:
    """Yield frames at their times and in their scenes as a network enlarges them, from those around, when looked at.

    Windows are those of `upscale`. What is never looked at, as before the part that a run goes on with, is not made.
    Raises UsageError for a predictor that does not enlarge the middle of an odd number of frames.
    """
    check_enlarging(predictor)
    around = predictor.inputs // 2
    return (
        _Enlarged(index, window, predictor, tally)
        for index, (window, _) in enumerate(windows(frames, around, around))
    )


class _Enlarged:
    """A `Placed` frame whose pixels are made when they are first looked at."""

    def __init__(self, index, window, predictor, tally):
        middle = window[len(window) // 2]
        self.time, self.scene = middle.time, middle.scene
        self._index, self._window, self._predictor, self._tally = index, window, predictor, tally

    @cached_property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB. A frame that a run which was cut off has counted already is not counted again."""
        counted = Tally()
        made = enlarge(self._window, self._predictor, counted)
        self._window = None
        if self._index >= self._tally.enlarged:
            self._tally.enlarged = self._index + 1
            self._tally.predicted += counted.predicted
            self._tally.unfit += counted.unfit
        return made

    @cached_property
    def network(self) -> np.ndarray:
        """(3, H, W) float32 in [0, 1]."""
        return to_network(self.pixels)
