"""The frames around a frame, with the ends of a clip mirrored: past its last frame it goes back the way it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from src.video.frames import Placed


def mirrored(place: int, count: int) -> int:
    """Return the place within 0 ... count - 1 that stands for any place, the end frames not repeated."""
    period = max(2 * (count - 1), 1)
    place = abs(place) % period
    return min(place, period - place)


def windows(frames: Iterable[Placed], before: int, after: int) -> Iterator[tuple[list[Placed], Placed | None]]:
    """Yield, for every frame, the window of `before` frames, itself and `after` frames, and the frame that follows it.

    A window holds frames of one scene only: a scene is mirrored at its ends as a clip is. `after` + 1 frames are read
    ahead at most, so that `before` + `after` + 2 are in memory.
    """
    held = deque()
    index = 0  # of the frame whose turn it is, in `held`
    for frame in frames:
        held.append(frame)
        if len(held) - 1 - index >= max(after, 1):
            yield _around(held, index, before, after)
            index = _let_go(held, index, before)
    while index < len(held):
        yield _around(held, index, before, after)
        index = _let_go(held, index, before)


def _around(held, index, before, after):
    scene = held[index].scene
    low = next(place for place in range(len(held)) if held[place].scene == scene)
    count = sum(frame.scene == scene for frame in held)
    places = (low + mirrored(place - low, count) for place in range(index - before, index + after + 1))
    return [held[place] for place in places], held[index + 1] if index + 1 < len(held) else None


def _let_go(held, index, before):
    if index == before:
        held.popleft()
        return index
    return index + 1
