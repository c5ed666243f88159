"""A frame of the result beside what its source shows around it, for pictures that compare the two."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from src.ops.bicubic_matrix import bicubic_matrix
from src.video.frames import Placed, in_depth, kind_of

BYTES = kind_of(8)


@dataclass(frozen=True)
class Moment:
    """A frame of the result, `made`, shown at `time`; all are (H, W, 3) of its size.

    held: uint8, the frame of the source that is shown until the next. blend: float32 in levels, what a mere cross-fade
    between the neighbours would show; that is the frame of the source itself where it has one at that time, and the
    nearer one beside a cut. Frames of a smaller source are enlarged bicubically for both.
    """

    time: Fraction
    made: np.ndarray
    held: np.ndarray
    blend: np.ndarray


class Watch:
    """Remembers the frames of a source that pass, for as long as frames of the result stand between them."""

    def __init__(self, scale: int, slow: int):
        self._scale, self._slow = scale, slow
        self._frames, self._first = deque(), 0
        self._matrices = {}

    def passing(self, frames: Iterable[Placed]) -> Iterator[Placed]:
        """Pass frames on."""
        for frame in frames:
            self._frames.append(_Enlarged(frame, self._enlarge))
            yield frame

    def moment(self, index: int, time: Fraction, made: np.ndarray) -> Moment:
        """Return the moment of a frame made between the `index`-th frame that passed and the next one."""
        while self._first < index:
            self._frames.popleft()
            self._first += 1
        before, after = self._frames[0], self._frames[1] if len(self._frames) > 1 else None
        return Moment(time, in_depth(made, BYTES), before.levels, self._blend(before, after, time / self._slow))

    def _blend(self, before, after, time):
        if after is None or time <= before.frame.time:
            return before.exact
        later = float((time - before.frame.time) / (after.frame.time - before.frame.time))
        if before.frame.scene != after.frame.scene:
            return before.exact if later <= 0.5 else after.exact
        return (1 - later) * before.exact + later * after.exact

    def _enlarge(self, pixels):
        if self._scale == 1:
            return pixels.astype(np.float32)
        rows, columns = (self._matrix(side) for side in pixels.shape[:2])
        planes = pixels.astype(np.float32).transpose(2, 0, 1)
        return np.clip(rows @ planes @ columns.T, 0, 255).transpose(1, 2, 0)

    def _matrix(self, side):
        if side not in self._matrices:
            self._matrices[side] = bicubic_matrix(side, self._scale * side)
        return self._matrices[side]


class _Enlarged:
    """A frame of the source at the size of the result, made when it is first looked at."""

    def __init__(self, frame, enlarge):
        self.frame, self._enlarge = frame, enlarge
        self._exact = None

    @property
    def exact(self):
        if self._exact is None:
            self._exact = self._enlarge(in_depth(self.frame.pixels, BYTES))
        return self._exact

    @property
    def levels(self):
        return np.rint(self.exact).astype(np.uint8)
