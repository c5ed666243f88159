"""From frames of any size to the sizes that a network takes, and back: what all runtimes have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.errors import UsageError
from src.runtime import FIXED


class PaddedPredictor:
    """`Predictor` around a network of the contract of src/models, whatever runs it.

    Frames are padded on the right and at the bottom by repeating the edge, up to the size that `fitting_size` says, and
    the result is cropped back. What leaves [0, 1] is cut off unless `clips` is set to False, as some measures want;
    what is infinite becomes NaN, so that it is not taken for white. Times that the weights do not know are refused.
    Subclasses say that size, and run the network.

    facts: has `inputs`, `outputs`, `scale` and `takes_time`, as the contract names them. batch_size: predictions of one
    run, which helps where a single one is too small to keep the device busy.
    """

    def __init__(self, facts, timestep: str, batch_size: int = 1):
        self.facts = facts
        self.inputs = facts.inputs
        self.outputs = facts.outputs
        self.scale = facts.scale
        # without the time as an input the frames are the same, whatever a card says
        self.timestep = timestep if facts.takes_time else FIXED
        self.batch_size = batch_size
        self.clips = True
        self.last = (None, None)

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size, not smaller, that frames of this size are padded to."""
        raise NotImplementedError

    def run(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Return what the network makes of a batch: frames (B, 3, H, W), and times (B, 1, 1, 1) if it takes them."""
        raise NotImplementedError

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        return self.together([(frames, times)])[0]

    def together(self, samples: Sequence[tuple[np.ndarray, Sequence[float]]]) -> list[np.ndarray]:
        """Predict the times of several samples, (frames, times) each, all of one size, `batch_size` of them at once."""
        for frames, times in samples:
            self.check(frames, times)
        if self.facts.outputs > 1:
            every = self._every_output([frames for frames, _ in samples])
            return [
                np.stack([outputs[self._output_at(time)] for time in times])
                for outputs, (_, times) in zip(every, samples)
            ]
        runs = []
        for frames, times in samples:
            padded = self._padded(frames)
            when = [[np.full((1, 1, 1, 1), time, np.float32)] if self.facts.takes_time else [] for time in times]
            runs += [padded + each for each in when]
        predicted = self._predicted(runs, samples[0][0].shape[2:])
        return [np.stack([next(predicted) for _ in times]) for _, times in samples]

    def check(self, frames: np.ndarray, times: Sequence[float]) -> None:
        """Raise ValueError for frames of another shape than the network takes, UsageError for times it cannot tell."""
        if frames.ndim != 4 or frames.shape[:2] != (self.inputs, 3):
            raise ValueError(f"frames have the shape ({self.inputs}, 3, H, W); got {frames.shape}")
        parts = self.outputs + 1
        unknown = [time for time in times if abs(time * parts - round(time * parts)) > 1e-3]
        if self.timestep == FIXED and unknown:
            raise UsageError(f"these weights only know the times n/{parts} of two frames; got {unknown[0]}")

    def _predicted(self, runs, size):
        """Yield the output of each run, given as arrays of a batch of one, in batches that are all of one length."""
        for first in range(0, len(runs), self.batch_size):
            batch = runs[first : first + self.batch_size]
            filled = batch + batch[-1:] * (self.batch_size - len(batch))  # another length would be another graph
            arrays = filled[0] if len(filled) == 1 else [np.concatenate(each) for each in zip(*filled)]
            yield from (self._cropped(output, size) for output in self.run(arrays)[: len(batch)])

    def _padded(self, frames):
        padded = pad_to_size(frames, self.fitting_size(*frames.shape[2:]))
        return [frame[None] for frame in padded]

    def _cropped(self, output, size):
        height, width = size
        output = output[..., : height * self.scale, : width * self.scale]
        if not self.clips:
            return output
        clipped, finite = np.clip(output, 0, 1), np.isfinite(output)
        return clipped if finite.all() else np.where(finite, clipped, np.nan)

    def _every_output(self, given):
        # The same frames come again for the next of the times in between: one run serves all.
        if len(given) > 1 or self.last[0] is not given[0]:
            made = list(self._predicted([self._padded(frames) for frames in given], given[0].shape[2:]))
            self.last = given[-1], made[-1]
            return made
        return [self.last[1]]

    def _output_at(self, time):
        return round(time * (self.outputs + 1)) - 1


def multiple_size(height: int, width: int, multiple: int) -> tuple[int, int]:
    """Return the smallest size, not smaller than the given one, that divides by `multiple`."""
    return height + -height % multiple, width + -width % multiple


def pad_to_size(frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Repeat the right and the bottom edge of (..., H, W) frames until they have that (height, width)."""
    if frames.shape[-2:] == tuple(size):
        return np.ascontiguousarray(frames)
    margins = [(0, 0)] * (frames.ndim - 2) + [(0, to - met) for met, to in zip(frames.shape[-2:], size)]
    return np.ascontiguousarray(np.pad(frames, margins, mode="edge"))
