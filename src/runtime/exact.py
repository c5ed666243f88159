"""What stands by for a predictor in half precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from src.runtime import Predictor


class Deferred:
    """`Predictor` of the kind of `like`, which `load` returns when it is first asked."""

    def __init__(self, like: Predictor, load: Callable[[], Predictor]):
        self.inputs, self.outputs, self.scale, self.timestep = like.inputs, like.outputs, like.scale, like.timestep
        self.load = load
        self.predictor = None

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        if self.predictor is None:
            self.predictor = self.load()
        return self.predictor(frames, times)
