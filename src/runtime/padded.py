"""From frames of any size to the sizes that a network takes, and back: what all runtimes have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.errors import UsageError


class PaddedPredictor:
    """`Predictor` around a network of the contract of src/models, whatever runs it.

    Frames are padded on the right and at the bottom by repeating the edge, up to the size that `fitting_size` says, and
    the result is cropped back. What leaves [0, 1] is cut off unless `clips` is set to False, as some measures want.
    Subclasses say that size, and run the network.

    facts: has `inputs`, `outputs`, `scale` and `takes_time`, as the contract names them.
    """

    def __init__(self, facts, timestep: str):
        self.facts = facts
        self.inputs = facts.inputs
        self.outputs = facts.outputs
        self.scale = facts.scale
        self.timestep = timestep
        self.clips = True
        self.last = (None, None)

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size, not smaller, that frames of this size are padded to."""
        raise NotImplementedError

    def run(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Return what the network makes of a sample: frames (1, 3, H, W), and a time (1, 1, 1, 1) if it takes one."""
        raise NotImplementedError

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        if frames.ndim != 4 or frames.shape[:2] != (self.inputs, 3):
            raise ValueError(f"frames have the shape ({self.inputs}, 3, H, W); got {frames.shape}")
        if self.facts.outputs > 1:
            return np.stack([self._all_outputs(frames)[self._output_at(time)] for time in times])
        padded = self._padded(frames)
        predicted = []
        # One time after the other: a batch of one is the fastest on CPU, and the memory stays that of one frame.
        for time in times:
            when = [np.full((1, 1, 1, 1), time, np.float32)] if self.facts.takes_time else []
            predicted.append(self._cropped(self.run(padded + when)[0], frames))
        return np.stack(predicted)

    def _padded(self, frames):
        padded = pad_to_size(frames, self.fitting_size(*frames.shape[2:]))
        return [frame[None] for frame in padded]

    def _cropped(self, output, frames):
        height, width = frames.shape[2:]
        output = output[..., : height * self.scale, : width * self.scale]
        return np.clip(output, 0, 1) if self.clips else output

    def _all_outputs(self, frames):
        # The same frames come again for the next of the times in between: one run serves all.
        if self.last[0] is not frames:
            self.last = frames, self._cropped(self.run(self._padded(frames))[0], frames)
        return self.last[1]

    def _output_at(self, time):
        place = time * (self.facts.outputs + 1)
        if abs(place - round(place)) > 1e-3:
            raise UsageError(f"the network predicts the times n / {self.facts.outputs + 1}; got {time}")
        return round(place) - 1


def multiple_size(height: int, width: int, multiple: int) -> tuple[int, int]:
    """Return the smallest size, not smaller than the given one, that divides by `multiple`."""
    return height + -height % multiple, width + -width % multiple


def pad_to_size(frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Repeat the right and the bottom edge of (..., H, W) frames until they have that (height, width)."""
    margins = [(0, 0)] * (frames.ndim - 2) + [(0, to - met) for met, to in zip(frames.shape[-2:], size)]
    return np.ascontiguousarray(np.pad(frames, margins, mode="edge"))
