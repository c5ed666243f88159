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

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property

import numpy as np

from src.video.frames import Placed, to_network
from src.video.pipeline import Tally, check_enlarging, enlarge, interpolate
from src.video.tiles import Tiled
from src.video.timeline import Timeline
from src.video.windows import windows


class Combined:
    """Two networks in a row: `enlarger` makes frames larger, `predictor` makes new ones between those.

    inputs: the frames of the source that go into one of the result; the rest is as in `Tiled`.
    """

    def __init__(self, enlarger: Tiled, predictor: Tiled):
        self.enlarger, self.predictor = enlarger, predictor
        self.inputs = predictor.inputs + 2 * (enlarger.inputs // 2)
        self.outputs, self.timestep = predictor.outputs, predictor.timestep
        self.scale = enlarger.scale * predictor.scale

    @property
    def tile(self) -> int:
        return self.predictor.tile

    @property
    def shrunk(self) -> int:
        return self.enlarger.shrunk + self.predictor.shrunk


def interpolate_enlarged(
    frames: Iterable[Placed], both: Combined, timeline: Timeline, end: Fraction | None = None, tally=None, skip=0
) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
    """Yield what `interpolate` does of frames that were enlarged as by `upscale`, from windows of true frames.

    What nobody looks at, as before the part that a run goes on with, is not enlarged.
    Raises UsageError as both of them do.
    """
    check_enlarging(both.enlarger)
    tally = tally or Tally()
    waiting = deque()
    around = both.enlarger.inputs // 2

    def enlarged():
        for window, _ in windows(frames, around, around):
            waiting.append(_Enlarged(window, both.enlarger))
            yield waiting[-1]

    made = interpolate(enlarged(), both.predictor, timeline, end, tally, skip)
    return (_counted(each, waiting.popleft(), tally) for each in made)


def _counted(made, enlarged, tally):
    """Count a frame with what is made of it, not when it is enlarged: two parts of a run may both look at one."""
    for number, frame in enumerate(made):
        if not number:
            tally.predicted += enlarged.counts.predicted
            tally.unfit += enlarged.counts.unfit
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
