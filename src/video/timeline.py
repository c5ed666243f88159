"""When the frames of the result are shown, and what of the source they show: exact fractions throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol


class Wanted(NamedTuple):
    """A frame of the result: where it stands between two of the source (0: it is the first), and when it is shown."""

    position: Fraction
    time: Fraction  # seconds of the result


class Timeline(Protocol):
    """Which frames are wanted. `rate` is None when they are not equally spaced; `slow` is how much longer time takes.

    `parts` says what the positions are multiples of: 1 / parts; it is None when they can be any.
    """

    rate: Fraction | None
    slow: int
    parts: int | None

    def between(self, first: Fraction, second: Fraction) -> list[Wanted]:
        """Return what is wanted from a frame on until just before the next one, shown at `first` and `second`."""
        ...

    def at_end(self, last: Fraction, end: Fraction) -> list[Wanted]:
        """Return what is wanted while the last frame is shown, from `last` until `end`."""
        ...

    def count(self, frames: int, last: Fraction, end: Fraction) -> int:
        """Return how many frames a source of so many gives, the last of which is shown from `last` until `end`."""
        ...


@dataclass(frozen=True)
class Multiplied:
    """`multi` - 1 frames between every two, equally spaced: N frames become (N - 1) * multi + 1.

    source_rate: frames per second of the source, or None when its frames are not equally spaced.
    """

    multi: int
    source_rate: Fraction | None
    slow: int = 1

    @property
    def rate(self) -> Fraction | None:
        return None if self.source_rate is None else self.source_rate * self.multi / self.slow

    @property
    def parts(self) -> int:
        return self.multi

    def between(self, first: Fraction, second: Fraction) -> list[Wanted]:
        positions = [Fraction(step, self.multi) for step in range(self.multi)]
        return [Wanted(position, self.slow * (first + position * (second - first))) for position in positions]

    def at_end(self, last: Fraction, end: Fraction) -> list[Wanted]:
        return [Wanted(Fraction(0), self.slow * last)]

    def count(self, frames: int, last: Fraction, end: Fraction) -> int:
        return max(frames - 1, 0) * self.multi + min(frames, 1)


@dataclass(frozen=True)
class Resampled:
    """Frames at a constant `rate` from the first frame on for as long as the source lasts, or for as long as it moves.

    start: seconds of the source at its first frame; source_rate as in `Multiplied`. With `to_last_frame` the last frame
    of the result is that of the source, else it is held until the source's end, so that the duration stays.
    """

    rate: Fraction
    start: Fraction
    source_rate: Fraction | None
    slow: int = 1
    to_last_frame: bool = False
    longest_gap: int = 1  # frames of the source, where some of them are left out

    @property
    def parts(self) -> int | None:
        if self.source_rate is None:
            return None
        return (self.source_rate / (self.rate * self.slow)).denominator * self.longest_gap

    def between(self, first: Fraction, second: Fraction) -> list[Wanted]:
        times = self._grid(first, second)
        return [Wanted((time / self.slow - first) / (second - first), time) for time in times]

    def at_end(self, last: Fraction, end: Fraction) -> list[Wanted]:
        times = [self._time(self._place(last))] if self.to_last_frame else self._grid(last, end)
        return [Wanted(Fraction(0), time) for time in times]

    def count(self, frames: int, last: Fraction, end: Fraction) -> int:
        if not frames:
            return 0
        if self.to_last_frame:
            return self._place(last) + 1
        return self._place(end)

    def _grid(self, first, second):
        """Return the times of the result from `first` on and before `second`, in seconds of the source."""
        return [self._time(place) for place in range(self._place(first), self._place(second))]

    def _time(self, place):
        return self.slow * self.start + place / self.rate

    def _place(self, time):
        return math.ceil((time - self.start) * self.slow * self.rate)
