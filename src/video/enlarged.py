"""Frames made larger before new ones are made between them: super-resolution and interpolation in one pass.

Enlarging comes first: each frame of the source is enlarged once, however many new ones follow it, from a window of true
frames alone, and what is new is made of all their detail. The other way round every new frame costs a run of the
network that enlarges, the costlier of the two, and half of each of its windows is invented. What speaks for it, that
motion keeps to the lengths that networks know, is had by estimating it at the size of the source (src/video/stages.py):
measured on three real clips, with bicubic enlargement for the first network, new frames are then as near to the true
ones as the other way round, within 0.3 dB. An estimate at full size loses 1.8 to 4.2 dB where things move fast.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property

import numpy as np

from src.runtime import Predictor
from src.video.frames import Placed, to_network
from src.video.pipeline import Tally, check_enlarging, enlarge
from src.video.windows import windows


class Enlarging:
    """Makes the frames larger that others are made of, and counts them.

    Raises UsageError for a predictor that does not enlarge the middle of an odd number of frames.
    """

    def __init__(self, predictor: Predictor, tally: Tally):
        check_enlarging(predictor)
        self._predictor, self._tally = predictor, tally
        self._waiting = deque()

    def enlarged(self, frames: Iterable[Placed]) -> Iterator[Placed]:
        """Yield frames at their times and in their scenes as a network enlarges them, from those around.

        Windows are those of `upscale`. What nobody looks at, as before the part that a run goes on with, is not made.
        """
        around = self._predictor.inputs // 2
        for window, _ in windows(frames, around, around):
            self._waiting.append(_Enlarged(window, self._predictor))
            yield self._waiting[-1]

    def counted(self, made: Iterable[Iterable[tuple[Fraction, np.ndarray]]]) -> Iterator[Iterator]:
        """Pass on what is made of each frame, counting that frame with it.

        Not when it is enlarged: two parts of a run may both look at one between them.
        """
        for frames in made:
            yield self._with_its_frame(frames, self._waiting.popleft())

    def _with_its_frame(self, frames, enlarged):
        for number, frame in enumerate(frames):
            if not number:
                for key, count in enlarged.counts.counts.items():
                    setattr(self._tally, key, getattr(self._tally, key) + count)
            yield frame


class _Enlarged:
    """A `Placed` frame whose pixels are made when they are first looked at."""

    def __init__(self, window, predictor):
        middle = window[len(window) // 2]
        self.time, self.scene = middle.time, middle.scene
        self.counts = Tally()
        self._window, self._predictor = window, predictor

    @cached_property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) RGB."""
        made = enlarge(self._window, self._predictor, self.counts)
        self._window = None
        return made

    @cached_property
    def network(self) -> np.ndarray:
        """(3, H, W) float32 in [0, 1]."""
        return to_network(self.pixels)
