"""Test-time augmentation: the mean of what a network makes of the same frames, mirrored, turned and in reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from src.runtime import Predictor, predict_together

FLIP, FULL = "flip", "full"

Turn = Callable[[np.ndarray], np.ndarray]


class Ensemble:
    """`Predictor` that asks another one about several views of the frames and returns the mean, turned back.

    kind: FLIP, the frames and their image mirrored left to right; FULL, the eight images that mirrors and quarter turns
    make of them (geometric self-ensemble, Lim et al., EDSR, CVPRW 2017, section 3.4), and for networks that make frames
    between others each of them in reverse order as well, asked for 1 - time.
    """

    def __init__(self, predictor: Predictor, kind: str):
        self.predictor, self.kind = predictor, kind
        self.inputs, self.outputs = predictor.inputs, predictor.outputs
        self.scale, self.timestep = predictor.scale, predictor.timestep
        self.batch_size = getattr(predictor, "batch_size", 1)

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        return self.together([(frames, times)])[0]

    def together(self, samples: Sequence[tuple[np.ndarray, Sequence[float]]]) -> list[np.ndarray]:
        """Predict several samples, (frames, times) each, all of one size."""
        sums, count = None, 0
        for there, back, reverse in self._views():
            seen = [_seen(frames, times, there, reverse) for frames, times in samples]
            made = [back(predicted) for predicted in predict_together(self.predictor, seen)]
            sums = made if sums is None else [total + each for total, each in zip(sums, made)]
            count += 1
        return [np.ascontiguousarray(total / np.float32(count)) for total in sums]

    def _views(self) -> Iterator[tuple[Turn, Turn, bool]]:
        """Yield how frames are turned, how predictions are turned back, and whether the order is reversed."""
        for reverse in (False, True) if self.kind == FULL and self.inputs % 2 == 0 else (False,):
            for mirrored in (False, True):
                for quarters in range(4) if self.kind == FULL else (0,):
                    yield _turned(mirrored, quarters), _turned_back(mirrored, quarters), reverse


def _seen(frames, times, there, reverse):
    frames, times = (frames[::-1], [1 - time for time in times]) if reverse else (frames, times)
    return np.ascontiguousarray(there(frames)), times


def _turned(mirrored, quarters):
    return lambda frames: np.rot90(frames[..., ::-1] if mirrored else frames, quarters, axes=(2, 3))


def _turned_back(mirrored, quarters):
    def back(frames):
        frames = np.rot90(frames, -quarters, axes=(2, 3))
        return frames[..., ::-1] if mirrored else frames

    return back
