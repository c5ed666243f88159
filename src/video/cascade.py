"""More than one frame between two, from a network that only knows the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.errors import UsageError
from src.runtime import FIXED, Predictor


def for_parts(predictor: Predictor, parts: int | None) -> Predictor:
    """Return a predictor of the times that are multiples of 1 / `parts`; any time when that is None.

    That is the given one when its weights know every time, or all that are asked; else, where only the middle is known
    of two frames, a cascade of it for powers of two. Raises UsageError for other times: the network would return the
    same frames again and pass them off as new ones.
    """
    known = predictor.outputs + 1
    if (predictor.timestep != FIXED and known == 2) or (parts and known % parts == 0):
        return predictor
    if known > 2 or predictor.inputs != 2:
        raise UsageError(f"these weights only know the times n/{known} of two frames; got {_told(parts)}")
    if not parts or parts & (parts - 1):
        raise UsageError(
            "these weights only know the middle of two frames, so multi is a power of two (2, 4, 8, ...), or fps is "
            f"the rate times one; got {_told(parts)}"
        )
    return Cascade(predictor)


def _told(parts):
    return f"n/{parts}" if parts else "times of any kind"


class Cascade:
    """`Predictor` of the times k / 2^n that halves the interval, and its halves, with a predictor of the middle.

    `exact` is the cascade of that of the predictor, if it has one.
    """

    def __init__(self, predictor: Predictor):
        self.predictor = predictor
        self.inputs, self.outputs, self.scale = predictor.inputs, predictor.outputs, predictor.scale
        self.timestep = predictor.timestep
        exact = getattr(predictor, "exact", None)
        self.exact = exact and Cascade(exact)

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
