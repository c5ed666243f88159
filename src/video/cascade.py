"""More than one frame between two, from a network that only knows the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.errors import UsageError
from src.runtime import FIXED, Predictor, predict_together

MOST_HALVINGS = 6


def for_parts(predictor: Predictor, parts: int | None, halvings: int = 0) -> Predictor:
    """Return a predictor of the times that are multiples of 1 / `parts`; any time when that is None.

    That is the given one when its weights know every time, or all that are asked; else, where only the middle is known
    of two frames, a cascade of it for powers of two. With `halvings` the cascade takes the nearest of the multiples of
    1 / 2^halvings for each other time, as long as these are no fewer than the times that are asked.
    Raises UsageError for other times: the network would return the same frames again and pass them off as new ones.
    """
    known = predictor.outputs + 1
    if (predictor.timestep != FIXED and known == 2) or (parts and known % parts == 0):
        return predictor
    if known > 2 or predictor.inputs != 2:
        raise UsageError(f"these weights only know the times n/{known} of two frames; got {_told(parts)}")
    if parts and not parts & (parts - 1):
        return Cascade(predictor)
    if not parts or parts > 2**halvings:
        raise UsageError(
            "these weights only know the middle of two frames, so multi is a power of two (2, 4, 8, ...), or fps is "
            f"the rate times one{_way_out(parts)}; got {_told(parts)}"
        )
    return Cascade(predictor, halvings)


def _told(parts):
    return f"n/{parts}" if parts else "times of any kind"


def _way_out(parts):
    enough = (parts - 1).bit_length() if parts else MOST_HALVINGS + 1
    return f"; cascade {enough} takes the nearest times of n/{2**enough}" if enough <= MOST_HALVINGS else ""


class Cascade:
    """`Predictor` of the times k / 2^n that halves the interval, and its halves, with a predictor of the middle.

    halvings: for other times, the nearest of k / 2^halvings is predicted instead; 0 when there are none.
    `exact` is the cascade of that of the predictor, if it has one.
    """

    def __init__(self, predictor: Predictor, halvings: int = 0):
        self.predictor, self.halvings = predictor, halvings
        self.inputs, self.outputs, self.scale = predictor.inputs, predictor.outputs, predictor.scale
        self.timestep = predictor.timestep
        self.batch_size = getattr(predictor, "batch_size", 1)
        exact = getattr(predictor, "exact", None)
        self.exact = exact and Cascade(exact, halvings)

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        return self.together([(frames, times)])[0]

    def together(self, samples: Sequence[tuple[np.ndarray, Sequence[float]]]) -> list[np.ndarray]:
        """Predict several samples, (frames, times) each, all of one size: all middles, then those of all halves."""
        return self._together([(frames, [self._nearest(time) for time in times]) for frames, times in samples])

    def _nearest(self, time):
        if not self.halvings:
            return time
        steps = 2**self.halvings
        return min(max(round(time * steps), 1), steps - 1) / steps

    def _together(self, samples):
        middles = predict_together(self.predictor, [(frames, [0.5]) for frames, _ in samples])
        halves = [_halves(*sample, middle[0]) for sample, middle in zip(samples, middles)]
        wanted = [half for both in halves for half in both if half[1]]
        made = iter(self._together(wanted) if wanted else ())
        predicted = []
        for (earlier, later), (_, times), middle in zip(halves, samples, middles):
            parts = [next(made)] if earlier[1] else []
            parts += [middle] if 0.5 in times else []
            parts += [next(made)] if later[1] else []
            predicted.append(np.concatenate(parts))
        return predicted


def _halves(frames, times, middle):
    """Return the samples before and behind the middle of one, with their times, if any."""
    earlier = [2 * time for time in times if time < 0.5]
    later = [2 * time - 1 for time in times if time > 0.5]
    return (np.stack([frames[0], middle]), earlier), (np.stack([middle, frames[1]]), later)
