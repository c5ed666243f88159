"""Predictions of several windows in one go, for networks that are faster so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from src.runtime import Predictor, predict_together
from src.video.frames import Placed


class Asker:
    """Asks a predictor for frames when they are looked at, all at once that were asked for until then."""

    def __init__(self, predictor: Predictor):
        self.predictor = predictor
        self._waiting = []

    def ask(self, window: Sequence[Placed], times: Sequence[float]) -> Callable[[], np.ndarray]:
        """Return what gives the frames at these times of a window, (len(times), 3, H * scale, W * scale)."""
        asked = _Asked(window, times)
        self._waiting.append(asked)

        def answer():
            if asked.predicted is None:
                self._predict()
            return asked.predicted

        return answer

    def _predict(self):
        waiting, self._waiting = self._waiting, []
        samples = [(stacked(each.window), each.times) for each in waiting]
        for each, predicted in zip(waiting, predict_together(self.predictor, samples)):
            each.predicted = predicted


class _Asked:
    def __init__(self, window, times):
        self.window, self.times = window, times
        self.predicted = None


def stacked(window: Sequence[Placed]) -> np.ndarray:
    """Return the frames of a window as a network takes them: (len(window), 3, H, W) float32."""
    return np.stack([each.network for each in window])


def in_groups(steps: Iterable, predictor: Predictor) -> Iterator:
    """Pass steps on, each of which asks when it is made: as many are made before the first as are predicted at once."""
    steps, size = iter(steps), getattr(predictor, "batch_size", 1)
    while group := list(itertools.islice(steps, size)):
        yield from group
