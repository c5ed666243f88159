"""From the frames of a source to the frames of the result, two of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from src.errors import UsageError
from src.runtime import Predictor
from src.video.cascade import for_multi


def interpolate(frames: Iterable[np.ndarray], predictor: Predictor, multi: int) -> Iterator[np.ndarray]:
    """Put `multi - 1` predicted frames between every two neighbours; the given frames pass through untouched.

    frames: (H, W, 3) uint8 RGB. N of them give (N - 1) * multi + 1, rounded to the nearest level.
    Raises UsageError for a predictor that does not go from two frames to frames of their size, or cannot do `multi`.
    """
    if (predictor.inputs, predictor.scale) != (2, 1):
        raise UsageError(
            "interpolation needs a network that takes 2 frames and keeps their size; "
            f"got one that takes {predictor.inputs} at scale {predictor.scale}"
        )
    return _interpolate(frames, for_multi(predictor, multi), [step / multi for step in range(1, multi)])


def interpolated_count(count: int, multi: int) -> int:
    """Return how many frames `interpolate` makes of `count` frames."""
    return max(count - 1, 0) * multi + min(count, 1)


def _interpolate(frames, predictor, times):
    before = None
    for frame in frames:
        after = _to_network(frame)
        if before is not None:
            for predicted in predictor(np.stack([before, after]), times):
                yield _to_pixels(predicted)
        yield frame
        before = after


def _to_network(frame: np.ndarray) -> np.ndarray:
    return frame.transpose(2, 0, 1).astype(np.float32) / np.float32(255)


def _to_pixels(predicted: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.rint(np.clip(predicted, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
