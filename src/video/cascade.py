"""More than one frame between two, from a network that only knows the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.errors import UsageError
from src.runtime import FIXED, Predictor


def for_multi(predictor: Predictor, multi: int) -> Predictor:
    """Return a predictor that can make the `multi - 1` frames between two.

    That is the given one when its weights know every time, or when the middle is all that is asked; else a cascade of
    it, for powers of two. Raises UsageError for another `multi`: the network would return the middle every time.
    """
    if predictor.timestep != FIXED or multi == 2:
        return predictor
    if multi & (multi - 1):
        raise UsageError(
            f"these weights only know the middle of two frames, so multi is a power of two (2, 4, 8, ...); got {multi}"
        )
    return Cascade(predictor)


class Cascade:
    """`Predictor` of the times k / 2^n that halves the interval, and its halves, with a predictor of the middle."""

    def __init__(self, predictor: Predictor):
        self.predictor = predictor
        self.inputs, self.scale, self.timestep = predictor.inputs, predictor.scale, predictor.timestep

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        middle = self.predictor(frames, [0.5])
        earlier = [2 * time for time in times if time < 0.5]
        later = [2 * time - 1 for time in times if time > 0.5]
        parts = []
        if earlier:
            parts.append(self(np.stack([frames[0], middle[0]]), earlier))
        if 0.5 in times:
            parts.append(middle)
        if later:
            parts.append(self(np.stack([middle[0], frames[1]]), later))
        return np.concatenate(parts)
