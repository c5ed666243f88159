"""What a run says while it works: a bar on a terminal, sparse lines elsewhere, and notes on what was changed."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30


class Listener(Protocol):
    """Hears what a run says, in place of stderr."""

    def made(self, done: int, total: int) -> None: ...

    def note(self, message: str) -> None: ...


_listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Let a listener hear all that the runs of this process say from here on, or stderr again."""
    global _listener
    _listener = listener


def note(message: str) -> None:
    """Tell in one line on stderr what the result lacks or does otherwise, without breaking a bar that is shown."""
    if _listener:
        return _listener.note(message)
    tqdm.write(f"note: {message}", file=sys.stderr)


def shown(frames: Iterable[np.ndarray], total: int) -> Iterator[np.ndarray]:
    """Pass the frames on and show how many of about `total` are made, how fast, and the time that is left."""
    if _listener:
        return _heard(frames, total, _listener)
    if sys.stderr.isatty():
        return iter(tqdm(frames, total=total, unit=" frames", file=sys.stderr, dynamic_ncols=True))
    return _lines(frames, total)


class Counter:
    """Shows as `shown` does what is made elsewhere: `add` is told of every frame, `end` that there are no more."""

    def __init__(self, total: int):
        self._total = total
        self._shown = self._start() if total else None

    def add(self) -> None:
        self._shown = self._shown or self._start()
        next(self._shown)

    def end(self) -> None:
        if self._shown:
            self._shown.close()

    def _start(self):
        started = shown(itertools.repeat(None), self._total)
        next(started)
        return started


def _heard(frames, total, listener):
    listener.made(0, total)
    for done, frame in enumerate(frames, start=1):
        yield frame
        listener.made(done, total)


def _lines(frames, total):
    started = spoken = time.monotonic()
    tenths = done = 0
    for done, frame in enumerate(frames, start=1):
        yield frame
        now = time.monotonic()
        if done * 10 // max(total, 1) > tenths or now - spoken >= SECONDS_BETWEEN_LINES:
            tenths, spoken = done * 10 // max(total, 1), now
            rate = done / max(now - started, 1e-9)
            left = tqdm.format_interval(max(total - done, 0) / rate)
            print(f"{done}/{total} frames, {rate:.2f} fps, {left} left", file=sys.stderr, flush=True)
