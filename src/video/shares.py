"""Which parts of a job each of several workers makes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from src.errors import UsageError


class Span(NamedTuple):
    """Parts in a row, by their numbers: from `start` on and before `stop`, or to the end of the source (None)."""

    start: int
    stop: int | None


def spans_of(numbers: Iterable[int]) -> list[Span]:
    """Return the rows that rising numbers form."""
    spans = []
    for number in numbers:
        if spans and spans[-1].stop == number:
            spans[-1] = Span(spans[-1].start, number + 1)
        else:
            spans.append(Span(number, number + 1))
    return spans


def shares_of(gaps: list[Span], expected: int, count: int) -> list[list[Span]]:
    """Deal missing parts out to `count` workers or fewer, to each those that follow each other, as evenly as it goes.

    expected: how many parts the whole job has, as far as is known. Who gets the last part goes on to the source's end.
    """
    open_end = bool(gaps) and gaps[-1].stop is None
    numbers = [
        number
        for start, stop in gaps
        for number in range(start, max(expected, start + 1) if stop is None else stop)
    ]  # fmt: skip
    count = min(count, len(numbers))
    firsts = [len(numbers) * place // count for place in range(count + 1)] if count else [0]
    shares = [spans_of(numbers[first:behind]) for first, behind in zip(firsts, firsts[1:])]
    if open_end:
        shares[-1][-1] = Span(shares[-1][-1].start, None)
    return shares


def share_text(share: list[Span]) -> str:
    """Return a share as one word, such as 0:4,7:9,12: for the parts 0 to 3, 7, 8 and those from 12 on."""
    return ",".join(f"{start}:{'' if stop is None else stop}" for start, stop in share)


def share_from(text: str) -> list[Span]:
    """Read what `share_text` wrote; raises UsageError for anything else."""
    if not re.fullmatch(r"\d+:\d*(,\d+:\d*)*", text):
        raise UsageError(f"a share is written as 0:4,7:9,12: and the like; got {text!r}")
    spans = (word.split(":") for word in text.split(","))
    return [Span(int(start), int(stop) if stop else None) for start, stop in spans]
