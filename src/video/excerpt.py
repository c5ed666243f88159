"""A part of a source in place of the whole: what `preview` asks for."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from src.errors import UsageError
from src.video.media import Period, survey
from src.video.reader import Source

MOMENT = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")


def parse_preview(text: str) -> Period:
    """Read `5s`, `12s+5s` or `1:30+5s`: where it begins (default: at 0), and how long it lasts.

    Raises UsageError for anything else, and for nothing at all to show.
    """
    first, length = ([Fraction(0)] + [_seconds(part, text) for part in text.split("+", 1)])[-2:]
    if not length:
        raise UsageError(f"preview lasts longer than 0 s; got {text!r}")
    return Period(first, first + length)


def _seconds(part, text):
    match = MOMENT.fullmatch(part.strip())
    if not match:
        raise UsageError(f"preview is a length such as 5s, or begin and length such as 12s+5s or 1:30+5s; got {text!r}")
    hours, minutes, seconds = (Fraction(each or 0) for each in match.groups())
    return 3600 * hours + 60 * minutes + seconds


class Derived:
    """A source of which some facts are told otherwise."""

    def __init__(self, source: Source, **facts):
        self._source = source
        self.__dict__.update(facts)

    def __getattr__(self, name):
        return getattr(self._source, name)


class Excerpt(Derived):
    """The frames of a source that are shown within a period of it; their times begin with 0 there.

    That is where the period begins, or the first frame from there on, so that no picture is missing at the beginning.
    Raises UsageError when there are fewer than `needed` frames.
    """

    def __init__(self, source: Source, period: Period, needed: int = 1):
        places = _Places(source)
        first, behind = places.at(period.first), places.at(period.until)
        if behind - first < needed:
            raise UsageError(
                f"preview needs at least {needed} frames; {source.path} shows {behind - first} from "
                f"{float(period.first):g} s until {float(period.until):g} s, and lasts until {float(source.end):g} s"
            )
        self._first = first
        begin = places.time(first)
        zero = begin if period.first > source.start else period.first
        shown = Period(zero, min(period.until, source.end))
        super().__init__(source, period=shown, start=begin - zero, end=shown.until - zero, count=behind - first)

    def frames(self) -> Iterator[np.ndarray]:
        """Read frame after frame; raises what the source does."""
        return (frame for _, frame in self.timed_frames())

    def timed_frames(self, first: int = 0) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Read frame after frame, with their times in seconds of the excerpt, from the one of the number `first` on."""
        with contextlib.closing(self._source.timed_frames(self._first + first)) as timed:
            for time, frame in timed:
                if time >= self.period.until:
                    return
                yield time - self.period.first, frame


class _Places:
    """Tells times of frames from their places, and the other way."""

    def __init__(self, source):
        self._source = source
        self._surveyed = None if source.constant else survey(source.path)

    def at(self, time: Fraction) -> int:
        """Return how many frames are shown before a time."""
        since = max(time - self._source.start, Fraction(0))
        if self._surveyed is None:
            return min(math.ceil(since * self._source.rate), self._source.count)
        ticks = self._surveyed.ticks
        return int(np.searchsorted(ticks - ticks[0], math.ceil(since / self._surveyed.tick)))

    def time(self, place: int) -> Fraction:
        if self._surveyed is None:
            return self._source.start + place / self._source.rate
        ticks = self._surveyed.ticks
        return self._source.start + int(ticks[place] - ticks[0]) * self._surveyed.tick
