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
    `timestep` is a property of the weights: `ARBITRARY` when they follow the time asked for, `FIXED` when they return
    the middle whatever they are asked.
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
