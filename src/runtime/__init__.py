"""What runs a network: every runtime (MindSpore, MINDIR, Lite, ONNX, OpenVINO) answers one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

FIXED = "fixed"
ARBITRARY = "arbitrary"


class Predictor(Protocol):
    """Makes the frames between (or instead of) the given ones, of any height and width.

    `inputs` is the number of frames it takes, `outputs` how many it makes in one run, equally spaced, and `scale` how
    many times larger the frames it returns are.
    `timestep` is a property of the weights: `ARBITRARY` when they follow the time asked for, `FIXED` when they only
    know those of the `outputs`, of one the middle; other times are refused with a UsageError.

    Some have more: `together`, which takes several samples as `predict_together` does, and `batch_size`, of how many it
    makes one run of the network; `exact`, the same predictor in single precision, of one in half precision.
    """

    inputs: int
    outputs: int
    scale: int
    timestep: str

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        """Predict one frame for each time.

        frames: (inputs, 3, H, W) float32 RGB in [0, 1]; times: in (0, 1), from the first frame to the last.
        Returns (len(times), 3, H * scale, W * scale) float32 RGB in [0, 1].
        """
        ...


def predict_together(predictor: Predictor, samples: Sequence[tuple[np.ndarray, Sequence[float]]]) -> list[np.ndarray]:
    """Return what a predictor makes of several samples, (frames, times) each with frames of one size.

    In fewer runs of its network where it has a method `together` for that, else one sample after the other.
    """
    together = getattr(predictor, "together", None)
    return together(samples) if together else [predictor(frames, times) for frames, times in samples]
