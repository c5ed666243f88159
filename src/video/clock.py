"""The timestamps that the frames of a result get: those of a constant rate, or their own."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction

LONGEST_TICK = Fraction(1, 1000)  # seconds: a start that is no whole number of frames is kept to half of this
FINE_TICK = Fraction(1, 90000)


class Grid:
    """Frames at a constant rate: exact in the rate, and in the start to half a millisecond."""

    def __init__(self, start: Fraction, rate: Fraction):
        period = 1 / rate
        self._step = 1 if start % period == 0 else math.ceil(period / LONGEST_TICK)
        self._first = round(start * self._step / period)
        self.tick = period / self._step

    def add(self, time: Fraction | None) -> None:
        """Take notice of the next frame, whose time is known already."""

    def ticks_at(self, index: int) -> int:
        """Return the time of a frame in `tick`s; an encoder asks for indices before 0 and behind the last as well."""
        return self._first + index * self._step


class Timestamps:
    """Frames at their own times, which rise by a tick at least; beyond the first and the last they go on at `rate`."""

    tick = FINE_TICK

    def __init__(self, rate: Fraction):
        self._step = max(round(1 / rate / self.tick), 1)
        self._ticks = array("q")

    def add(self, time: Fraction) -> None:
        """Take notice of the time of the next frame, in seconds."""
        ticks = round(time / self.tick)
        self._ticks.append(max(ticks, self._ticks[-1] + 1) if self._ticks else ticks)

    def ticks_at(self, index: int) -> int:
        """Return the time of a frame in `tick`s; an encoder asks for indices before 0 and behind the last as well."""
        if index < 0:
            return self._ticks[0] + index * self._step
        if index < len(self._ticks):
            return self._ticks[index]
        return self._ticks[-1] + (index - len(self._ticks) + 1) * self._step
