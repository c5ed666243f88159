"""The golden inputs of an exported network: pictures that move, so that every part of it has something to do."""

from __future__ import annotations

import numpy as np

_WAVES = 8
_SEED = 310


def golden_inputs(network, batch: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Return what a network of the contract of src/models takes: its frames, and the time 0.5 where it takes one.

    Frames: (batch, 3, H, W) float32 in (0, 1), sums of waves, of which each moves on by itself.
    """
    random = np.random.RandomState(_SEED)
    height, width = size
    y = np.arange(height)[:, None]
    x = np.arange(width)[None, :]
    frames = np.full((network.inputs, batch, 3, height, width), 0.5)
    for sample in range(batch):
        for colour in range(3):
            for _ in range(_WAVES):
                length, angle, phase = random.uniform(8, 64), random.uniform(0, np.pi), random.uniform(0, 2 * np.pi)
                along_x, along_y = np.cos(angle) / length, np.sin(angle) / length
                step = random.uniform(-3, 3) / length
                for time in range(network.inputs):
                    turns = along_x * x + along_y * y + step * time
                    frames[time, sample, colour] += 0.49 / _WAVES * np.sin(2 * np.pi * turns + phase)
    times = [np.full((batch, 1, 1, 1), 0.5, np.float32)] if network.takes_time else []
    return [*frames.astype(np.float32), *times]
